import Testing

/// What the daemon says of itself and its checkpoints: plans, manifests, health.
@Suite struct DescriptionTests {
  @Test func aPlanTilesThePartitionItIsOf() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let answer = try client.get("/shard?rank=1&mp=4")
      let file = try answer.partition()
      let plan = try client.get("/plan?rank=1&mp=4").json()
      #expect(plan["model"]?.text == "gpt2-tiny")
      #expect(plan["rank"]?.integer == 1)
      #expect(plan["mp"]?.integer == 4)
      #expect(plan["revision"]?.text == answer["X-Manifest-Revision"])
      #expect(plan["etag"]?.text == answer["ETag"])
      #expect(plan["bytes"]?.integer == answer.body.count)
      let tensors = try #require(plan["tensors"]?.elements)
      #expect(tensors.compactMap { $0["name"]?.text } == file.order)
      var end = file.dataStart
      for tensor in tensors {
        let range = try #require(tensor["range"]?.elements).compactMap(\.integer)
        #expect(range.first == end)
        end = try #require(range.last)
        let name = try #require(tensor["name"]?.text)
        #expect(Array(answer.body[range[0]..<range[1]]) == file.tensors[name]?.bytes)
        #expect(tensor["rule"]?.text?.isEmpty == false)
        let lengths = try #require(tensor["sources"]?.elements).compactMap { $0["length"]?.integer }
        #expect(lengths.reduce(0, +) == range[1] - range[0])
      }
      #expect(end == answer.body.count)
      let costs = try #require(plan["cost"]?.members).values.compactMap(\.integer)
      #expect(costs.reduce(0, +) == answer.body.count)
    }
  }

  @Test func aDryRunSaysWhetherADegreeIsPossible() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let possible = try client.get("/plan?mp=4").json()
      #expect(possible["possible"]?.boolean == true)
      #expect(possible["tensor_bytes"]?.elements?.count == 4)
      let impossible = try client.get("/plan?mp=3").json()
      #expect(impossible["possible"]?.boolean == false)
      #expect(impossible["why"]?.text?.contains("1, 2, 4, 8") == true)
      #expect(impossible["mp_degrees"]?.elements?.compactMap(\.integer) == [1, 2, 4, 8])
    }
  }

  @Test func theListHasEveryCheckpoint() throws {
    try Daemon.run([Repository.sample, Repository.fixture("hf_llama_gqa_bf16/checkpoint")]) { daemon in
      let client = try daemon.client()
      let list = try #require(try client.get("/manifests").json().elements)
      #expect(list.count == 2)
      let sample = try #require(list.first { $0["name"]?.text == "gpt2-tiny" })
      #expect(sample["state"]?.text == "ready")
      #expect(sample["type"]?.text == "Megatron")
      #expect(sample["family"]?.text == "megatron")
      #expect(sample["source_mp"]?.integer == 2)
      #expect(sample["version"]?.text == "2.0")
      #expect(sample["tensor_count"]?.integer == 28)
      #expect(sample["mp_degrees"]?.elements?.compactMap(\.integer) == [1, 2, 4, 8])
      let one = try client.get("/manifests/gpt2-tiny").json()
      #expect(one["module_key"]?.text == "module")
      #expect(one["files"]?.elements?.count == 2)
      #expect(one["tensors"]?.elements?.count == 28)
      #expect(one["warnings"]?.elements?.isEmpty == true)
    }
  }

  @Test func aSecondCheckpointOfAnotherIsNamed() throws {
    try Daemon.run([Repository.sample, Repository.sample]) { daemon in
      let names = try daemon.get("/manifests").json().elements?.compactMap { $0["name"]?.text }
      #expect(names == ["gpt2-tiny", "gpt2-tiny-2"])
    }
  }

  @Test func severalModelsAreToldApart() throws {
    try Daemon.run([Repository.sample, Repository.fixture("hf_llama_gqa_bf16/checkpoint")]) { daemon in
      let client = try daemon.client()
      let refusal = try client.get("/shard?rank=0&mp=1")
      #expect(refusal.isError(400, "invalid_argument", "model", "gpt2-tiny"))
      #expect(try client.get("/shard?rank=0&mp=1&model=gpt2-tiny").status == 200)
    }
  }

  @Test func livenessAndReadinessAreOne() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      for path in ["/healthz", "/readyz", "/", "/stats"] {
        let answer = try client.get(path)
        #expect(answer.status == 200)
        #expect(answer["Content-Type"]?.hasPrefix("application/json") == true)
        _ = try answer.json()
      }
    }
  }

  @Test func aDaemonWithoutAGoodCheckpointLivesAndIsNotReady() throws {
    try Daemon.run(["/nowhere/manifest.json"]) { daemon in
      let client = try daemon.client()
      #expect(try client.get("/healthz").status == 200)
      let answer = try client.get("/readyz")
      #expect(answer.isError(503, "unavailable"))
      #expect(answer["Retry-After"] != nil)
    }
  }
}

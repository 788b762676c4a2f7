import Testing

/// Casts and quantization over HTTP and on the command line.
@Suite struct QuantizationTests {
  private static let weight = "transformer.layers.0.mlp.dense_h_to_4h.weight"

  @Test func aQuantizedPartitionIsServedInAnyRanges() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let path = "/shard?rank=1&mp=2&quantize=int4&group_size=32&dtype=bfloat16"
      let whole = try client.get(path)
      try #require(whole.status == 200)
      let file = try whole.partition()
      let name = QuantizationTests.weight
      #expect(file.tensors[name]?.dtype == "U8")
      #expect(file.tensors[name]?.shape == [128, 32])
      #expect(file.tensors[name + ".scale"]?.shape == [256])
      #expect(file.tensors[name + ".zero"]?.dtype == "F32")
      #expect(file.tensors["transformer.final_layernorm.weight"]?.dtype == "BF16")
      #expect(file.metadata["quantize"] == "int4")
      #expect(file.metadata["group_size"] == "32")
      #expect(file.metadata[name + ".shape"] == "[128,64]")
      for (low, high) in [(0, 10), (whole.body.count - 1001, whole.body.count - 1), (3001, 50_002)] {
        let part = try client.get(path, ["Range": "bytes=\(low)-\(high)"])
        #expect(part.status == 206)
        #expect(part.body == Array(whole.body[low...high]))
      }
      let scale = try client.get("/tensor?name=\(name).scale&rank=1&mp=2&quantize=int4&group_size=32&dtype=bfloat16")
      #expect(scale.body == file.tensors[name + ".scale"]?.bytes)
      #expect(scale["X-Tensor-Dtype"] == "F32")
    }
  }

  @Test func everyParameterThatChangesTheBodyChangesItsTag() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let queries = [
        "", "&dtype=float32", "&dtype=bfloat16", "&quantize=int8", "&quantize=int8&groups=32",
        "&quantize=int8&group_size=32", "&quantize=int8&mlp_extra_grouping=true", "&quantize=int4",
      ]
      let tags = try queries.map { try client.get("/shard?rank=0&mp=2\($0)", method: "HEAD")["ETag"] }
      #expect(Set(tags).count == queries.count)
      let usual = try client.get("/shard?rank=0&mp=2&quantize=int8&groups=64", method: "HEAD")["ETag"]
      #expect(usual == tags[3])
    }
  }

  @Test func thePlanNamesTheSchemeOfEachTensor() throws {
    try Daemon.run { daemon in
      let plan = try daemon.get("/plan?rank=0&mp=2&quantize=int8&dtype=float32").json()
      let tensors = try #require(plan["tensors"]?.elements)
      let row = try #require(tensors.first { $0["name"]?.text == QuantizationTests.weight })
      #expect(row["scheme"]?["name"]?.text == "int8")
      #expect(row["scheme"]?["groups"]?.integer == 64)
      #expect(row["scheme"]?["from"]?.text == "F16")
      #expect(row["sources"]?.elements?.first?["kind"]?.text == "transform")
      #expect(try #require(plan["cost"]?["transformed"]?.integer) > 0)
      #expect(plan["serving"]?["how"]?.text == "ranged")
    }
  }

  @Test func whatCannotBeQuantizedSoIsRefusedWithARemedy() throws {
    try Daemon.run { daemon in
      let answer = try daemon.get("/shard?rank=0&mp=2&quantize=int8&groups=5")
      #expect(answer.isError(400, "failed_precondition", "groups that divide all", "16, 32"), "\(answer.text)")
      let alone = try daemon.get("/shard?rank=0&mp=2&groups=5")
      #expect(alone.isError(400, "invalid_argument", "groups needs quantize"), "\(alone.text)")
      let both = try daemon.get("/shard?rank=0&mp=2&quantize=int8&groups=5&group_size=5")
      #expect(both.isError(400, "invalid_argument", "exclude each other"), "\(both.text)")
    }
  }

  @Test func thePlanHasTheErrorsOnceThePartitionWasMade() throws {
    let inspected = try Command(
      "inspect", Repository.sample, "--mp", "2", "--rank", "0", "--quantize", "int4", "--json")
    let expected = try errors(of: try #require(try JSON([UInt8](inspected.output.utf8))["plan"]))
    #expect(expected.count == 8)
    try Daemon.run { daemon in
      let client = try daemon.client()
      let query = "rank=0&mp=2&quantize=int4"
      #expect(try errors(of: client.get("/plan?\(query)").json()).isEmpty)
      _ = try client.get("/shard?\(query)")
      var found: [String: JSON] = [:]
      for _ in 0..<20_000 where found.isEmpty { found = try errors(of: client.get("/plan?\(query)").json()) }
      #expect(found == expected)
    }
  }

  /// What a plan says of each tensor's errors.
  private func errors(of plan: JSON) throws -> [String: JSON] {
    var errors: [String: JSON] = [:]
    for tensor in try #require(plan["tensors"]?.elements) {
      if let error = tensor["error"] { errors[try #require(tensor["name"]?.text)] = error }
    }
    return errors
  }

  @Test func inspectPrintsWhatQuantizationCosts() throws {
    let command = try Command("inspect", Repository.sample, "--mp", "2", "--quantize", "int8")
    #expect(command.status == 0)
    #expect(command.output.contains("MEAN SQUARED ERROR"))
    #expect(command.output.contains("int8 from F16, 64 groups of 128"))
  }
}

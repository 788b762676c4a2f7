// The code of the client's documentation, compiled so that it stays right. Scripts/check_snippets compares the two.

import WeightServerClient

func start() async throws {
  try await withWeightClient("http://127.0.0.1:8080") { client in
    let weights = try await client.open(PartitionRequest(rank: 2, mp: 4))
    for tensor in weights.tensors { print(tensor.name, tensor.dtype, tensor.shape) }
    if let bias = weights["transformer.final_layernorm.bias"] {
      let sum = try bias.withSpan(of: Float.self) { span in span.indices.reduce(0) { $0 + span[$1] } }
      print(sum)
    }
  }
}

func parameters(client: WeightClient) async throws {
  let request = PartitionRequest(
    rank: 0, mp: 2, model: "gpt2-tiny", parameters: ["names": "hf", "quantize": "int8", "dtype": "float32"])
  let weights = try await client.open(request, file: "/tmp/rank-0.safetensors")
  let values = try weights.dequantized("transformer.h.0.mlp.c_fc.weight")
  print(values.shape, values.values.count)
}

func memory(client: WeightClient, request: PartitionRequest) async throws {
  var memory = try PartitionMemory(capacity: 1 << 30)
  try await client.fetch(request, into: &memory)
  try await client.fetch(request.forRank(1), into: &memory)
  let weights = try memory.stateDict()
  print(weights.byteCount)
}

func callersMemory(
  client: WeightClient, request: PartitionRequest, pinned: UnsafeMutableRawBufferPointer
) async throws {
  let memory = unsafe try CallerMemory(borrowing: pinned)
  let result = try await client.fetch(request, into: memory)
  print(result.byteCount)
}

func file(client: WeightClient, request: PartitionRequest) async throws {
  let result = try await client.fetch(request, toFile: "/tmp/rank-2.safetensors") { progress in
    print(progress.stored, "of", progress.total)
  }
  print(result.resumedFrom, result.sha256 != nil, result.isDigestConfirmed)
}

func events(client: WeightClient, request: PartitionRequest) async throws {
  for try await event in client.events(of: request, toFile: "/tmp/rank-2.safetensors") {
    switch event {
    case .progress(let progress): print(progress.stored, "of", progress.total)
    case .finished(let result): print("done:", result.byteCount)
    }
  }
}

func group(client: WeightClient) async throws {
  let group = GroupRequest(mp: 8, ranks: 0..<8, model: "gpt2-tiny")
  let result = try await client.fetchGroup(group, toFiles: FileTemplate("/tmp/{model}-{rank}-of-{mp}.safetensors"))
  print(result.revision, result.files.map(\.path))
}

func tensors(client: WeightClient, request: PartitionRequest, copy: (String, RawSpan) -> Void) async throws {
  for try await tensor in client.tensors(request, ahead: 64 << 20) {
    tensor.withBytes { bytes in copy(tensor.name, bytes) }
  }
}

func servers() async throws {
  var configuration = ClientConfiguration()
  configuration.connections = 4
  configuration.hedgeDelay = .seconds(1)
  configuration.deadline = .seconds(600)
  try await withWeightClient(
    servers: ["http://10.0.0.1:8080", "http://10.0.0.2:8080"], configuration: configuration
  ) { client in
    try await client.fetch(PartitionRequest(rank: 0, mp: 8), toFile: "/tmp/rank-0.safetensors")
  }
}

func errors(client: WeightClient, request: PartitionRequest) async {
  do throws(WeightClientError) {
    _ = try await client.open(request)
  } catch {
    switch error.code {
    case .invalidArgument, .failedPrecondition: print("ask for something else:", error.message)
    case .unavailable where error.isRetryable: print("later", error.retryAfter ?? .zero)
    default: print(error, error.requestID ?? "no request id", error.status ?? 0)
    }
  }
}

func sharedMemory() async throws {
  try await withWeightClient("unix:/run/weight-server/socket") { client in
    // Mapped, not fetched: every worker of this host that does so has the same pages.
    let weights = try await client.open(PartitionRequest(rank: 0, mp: 8))
    print(weights.tensors.count)
  }
}

try await start()

import WeightServerClient

/// Copies tensors to an accelerator as they arrive, so that copying and receiving overlap: `StreamToAccelerator [URL [RANK MP]]`.
///
/// The accelerator is simulated: a copy takes as long as its bytes take at some rate.
@main struct StreamToAccelerator {
  static func main() async throws {
    let arguments = CommandLine.arguments
    let numbers = arguments.dropFirst(2).compactMap { Int($0) }
    let request = PartitionRequest(rank: numbers.first ?? 0, mp: numbers.count > 1 ? numbers[1] : 1)
    try await withWeightClient(arguments.count > 1 ? arguments[1] : "http://127.0.0.1:8080") { client in
      let device = Accelerator(bytesPerSecond: 2e9)
      let start = ContinuousClock.now
      var count = 0
      // At most 64 MiB wait to be copied: when the device is slower than the network, the server waits too.
      for try await tensor in client.tensors(request, ahead: 64 << 20) {
        try await device.copy(tensor)
        count += 1
      }
      let took = start.duration(to: .now)
      print("\(count) tensors, \(device.copied) bytes in \(took), of which \(device.busy) copying")
    }
  }
}

/// A device whose memory is filled at a rate.
final class Accelerator {
  private(set) var copied = 0
  private(set) var busy = Duration.zero
  private let bytesPerSecond: Double

  init(bytesPerSecond: Double) {
    self.bytesPerSecond = bytesPerSecond
  }

  func copy(_ tensor: TensorView) async throws {
    let count = tensor.withBytes { $0.byteCount }
    let time = Duration.seconds(Double(count) / bytesPerSecond)
    try await Task.sleep(for: time)
    copied += count
    busy += time
  }
}

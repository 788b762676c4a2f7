import Dispatch
import Platform

extension ServerConnection {
  /// Has a worker fill a buffer, and goes on then.
  func startFill(_ fill: Transmission.Fill, of number: UInt64) {
    let buffer = loop.buffers.take(fill.count)
    context.workers.run { [self] in
      let failure = ServerConnection.run(fill, buffer)
      queue.async { [self] in filled(buffer, failure, of: number) }
    }
  }

  /// Goes on when a source has more to say.
  func startWait(_ begin: Transmission.Wait, of number: UInt64) {
    begin { [self] in
      queue.async { [self] in
        guard transmission?.number == number else { return }
        transmission?.resume()
        yieldToOthers(isOnItsOwn: true)
      }
    }
  }

  private static func run(_ fill: Transmission.Fill, _ buffer: ByteBuffer) -> StatusError? {
    do {
      try fill.fill(buffer)
    } catch let error as StatusError {
      return error
    } catch {
      return StatusError(.dataLoss, "the body could not be made: \(String(describing: error).utf8.printable)")
    }
    if buffer.count == fill.count { return nil }
    return StatusError(.internalError, "\(buffer.count) bytes were made where \(fill.count) were wanted")
  }

  private func filled(_ buffer: ByteBuffer, _ failure: StatusError?, of number: UInt64) {
    guard transmission?.number == number else {
      // The answer was given up meanwhile. A loop without connections keeps no memory.
      if socket != nil { loop.buffers.give(buffer) }
      return
    }
    if let failure {
      loop.buffers.give(buffer)
      perform(machine.failed(failure, in: machine.exchange, date: loop.date))
    } else {
      transmission?.filled(buffer)
      yieldToOthers(isOnItsOwn: true)
    }
  }
}

import Dispatch
import Platform

extension ServerConnection {
  /// Has a worker do what is wanted, and goes on then.
  func startFill(_ fill: Transmission.Fill, of number: UInt64) {
    switch fill {
    case .buffer(let count, let fill):
      let buffer = loop.buffers.take(count)
      context.workers.run { [self] in
        let failure = ServerConnection.failure {
          try fill(buffer)
          return buffer.count == count ? nil : "\(buffer.count) bytes were made where \(count) were wanted"
        }
        queue.async { [self] in filled(buffer, failure, of: number) }
      }
    case .location(let piece):
      context.workers.run { [self] in
        var located: ScatteredBytes?
        let failure = ServerConnection.failure {
          let bytes = try piece.locate()
          located = bytes
          return bytes.count == piece.count ? nil : "\(bytes.count) bytes were found where \(piece.count) were wanted"
        }
        queue.async { [self, located] in self.located(located, failure, of: number) }
      }
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

  /// The error that some work ends with: one that it throws, or one of ours that it tells of.
  private static func failure(_ work: () throws -> String?) -> StatusError? {
    do {
      return try work().map { StatusError(.internalError, $0) }
    } catch let error as StatusError {
      return error
    } catch {
      return StatusError(.dataLoss, "the body could not be made: \(String(describing: error).utf8.printable)")
    }
  }

  private func located(_ bytes: ScatteredBytes?, _ failure: StatusError?, of number: UInt64) {
    guard transmission?.number == number else { return }
    if let bytes, failure == nil {
      transmission?.located(bytes)
      yieldToOthers(isOnItsOwn: true)
    } else {
      let failure = failure ?? StatusError(.internalError, "nothing was found")
      perform(machine.failed(failure, in: machine.exchange, date: loop.date))
    }
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

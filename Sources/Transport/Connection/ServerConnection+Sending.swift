import HTTPTypes
import Platform

extension ServerConnection {
  private enum Sending {
    case progressed
    /// The client takes no more at the moment.
    case blocked
    case failed(StatusError)
  }

  /// Sends until the client takes no more, a worker must finish first, the budget is used up, or all is sent.
  /// - Returns: what follows; nil where sending goes on later.
  func pump() -> ServerConnectionStateMachine.Action? {
    while let socket, let step = advance() {
      switch step {
      case .waiting: return flush(socket)
      case .failed(let error): return machine.failed(error, in: machine.exchange, date: loop.date)
      case .finished:
        if let last = flush(socket) { return last }
        if socket.unsent > 0 { return nil }
        finishTransmission(isComplete: true)
        return machine.sent(date: loop.date)
      case .ready: break
      }
      if budget <= 0 {
        yieldToOthers()
        return nil
      }
      do throws(StreamError) {
        switch try send(on: socket) {
        case .progressed: continue
        case .blocked:
          waitUntilWritable()
          return nil
        case .failed(let error): return machine.failed(error, in: machine.exchange, date: loop.date)
        }
      } catch {
        return machine.abort()
      }
    }
    return nil
  }

  /// Sends the interim answer. Where there is no room for it the client does without: it must not wait for ever (RFC 9110
  /// section 10.1.1).
  func sendContinue() -> ServerConnectionStateMachine.Action? {
    do throws(StreamError) {
      let bytes = HeadWriter.continue
      let sent = try socket?.send(bytes[...]) ?? bytes.count
      return sent == bytes.count ? nil : machine.abort()
    } catch {
      return machine.abort()
    }
  }

  /// Ends the record of the answer that is on its way, if one is.
  func finishTransmission(isComplete: Bool) {
    guard let ended = transmission else { return }
    transmission = nil
    if isComplete { context.counters.responsesSent.count() } else { context.counters.responsesCut.count() }
    ended.onDelivery?(ended.delivery(isComplete: isComplete))
  }

  private func advance() -> Transmission.Step? {
    guard let step = transmission?.advance() else { return nil }
    if let fill = transmission?.takeFill(), let number = transmission?.number { startFill(fill, of: number) }
    if let begin = transmission?.takeWait(), let number = transmission?.number { startWait(begin, of: number) }
    return step
  }

  /// Sends what was encrypted before, and waits where there is no room for it.
  private func flush(_ socket: ByteStream) -> ServerConnectionStateMachine.Action? {
    do throws(StreamError) {
      if try !socket.flush() { waitUntilWritable() }
      return nil
    } catch {
      return machine.abort()
    }
  }

  private func send(on socket: ByteStream) throws(StreamError) -> Sending {
    guard let current = transmission else { return .blocked }
    if !current.memory.isEmpty {
      guard let count = try socket.send(current.memory.prefix(budget), more: current.hasMore) else { return .blocked }
      transmission?.sentMemory(count)
      note(count)
      return .progressed
    }
    switch current.content {
    case .none: return .blocked
    case .buffer(let buffer, let start):
      guard let count = try socket.send(buffer, from: start, count: budget) else { return .blocked }
      if let free = transmission?.sentContent(count) { loop.buffers.give(free) }
      note(count)
      return .progressed
    case .file(let file, let offset, let total):
      guard let count = try socket.send(file, offset: offset, count: min(total, budget)) else { return .blocked }
      _ = transmission?.sentContent(count)
      note(count)
      if count == 0 {
        return .failed(StatusError(.dataLoss, "\(file.path.utf8.printable) has ended before byte \(offset)"))
      }
      // What has just been sent may be of another version already: then the client must not take it for whole.
      return Transmission.check(file).map(Sending.failed) ?? .progressed
    }
  }

  private func note(_ count: Int) {
    if count > 0 { machine.began() }
    progressed(count)
  }
}

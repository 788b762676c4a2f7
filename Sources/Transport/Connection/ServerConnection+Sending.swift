import HTTPTypes
import Platform

extension ServerConnection {
  private enum Sending {
    case progressed
    /// The client takes no more at the moment.
    case blocked
    /// The client's address has had its share of a while.
    case paced
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
        case .paced: return nil
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
    if let fill = transmission?.takeFill(), let current = transmission {
      if current.sent == 0, let error = refusalForMemory(current.heldBytes) { return .failed(error) }
      startFill(fill, of: current.number)
    }
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
      let bytes = current.memory.prefix(budget)
      let count =
        if let descriptor = current.descriptor {
          try socket.send(bytes, passing: descriptor.number, more: current.hasMore)
        } else {
          try socket.send(bytes, more: current.hasMore)
        }
      guard let count else { return .blocked }
      transmission?.sentMemory(count)
      note(count)
      return .progressed
    }
    guard let share = share(of: budget) else { return .paced }
    let before = current.sent
    defer { giveBack(share - ((transmission?.sent ?? before) - before)) }
    return try send(current.content, share, on: socket)
  }

  /// Sends from the front of the content, at most `limit` bytes.
  private func send(
    _ content: Transmission.Content, _ limit: Int, on socket: ByteStream
  ) throws(StreamError) -> Sending {
    switch content {
    case .none: return .blocked
    case .buffer(let buffer, let start):
      guard let count = try socket.send(buffer, from: start, count: limit) else { return .blocked }
      if let free = transmission?.sentContent(count) { loop.buffers.give(free) }
      note(count)
      return .progressed
    case .file(let file, let offset, let total):
      guard let count = try socket.send(file, offset: offset, count: min(total, limit)) else { return .blocked }
      _ = transmission?.sentContent(count)
      note(count)
      if count == 0 {
        return .failed(StatusError(.dataLoss, "\(file.path.utf8.printable) has ended before byte \(offset)"))
      }
      // What has just been sent may be of another version already: then the client must not take it for whole.
      return Transmission.check(file).map(Sending.failed) ?? .progressed
    case .scattered(let rest): return try send(rest, limit, on: socket)
    }
  }

  private func send(_ rest: ScatteredRest, _ limit: Int, on socket: ByteStream) throws(StreamError) -> Sending {
    do throws(StreamError) {
      guard let count = try socket.send(rest, count: limit) else { return .blocked }
      _ = transmission?.sentContent(count)
      note(count)
    } catch {
      // A file that was cut has no bytes there any more.
      if let failure = rest.bytes.files.lazy.compactMap(Transmission.check).first { return .failed(failure) }
      throw error
    }
    return rest.bytes.files.lazy.compactMap(Transmission.check).first.map(Sending.failed) ?? .progressed
  }

  private func note(_ count: Int) {
    if count > 0 { machine.began() }
    progressed(count)
  }
}

import Platform

/// What a connection's memory and its client's pace are held to.
extension ServerConnection {
  /// Takes in what was received, or refuses the body that it belongs to.
  func received(_ count: Int) -> ServerConnectionStateMachine.Action {
    if context.memory.isExceeded(by: count), let refusal = machine.refuseBody(tooMuch(count), date: loop.date) {
      return refusal
    }
    return take(count)
  }

  /// Why a body that is in memory already cannot be sent; nil where it can. Short ones, which go with their heads, always can: what
  /// watches the server is answered whatever its load.
  func refusalForMemory(of body: Response.Body) -> StatusError? {
    guard case .bytes(let bytes) = body else { return nil }
    return refusalForMemory(bytes.count)
  }

  /// Why an answer of which nothing was sent cannot have so many bytes in memory; nil where it can. What the budget counts for this
  /// connection already is no part of what comes to it: an answer must not be refused for its own bytes.
  func refusalForMemory(_ count: Int) -> StatusError? {
    let more = count + machine.heldBytes - accounted
    guard more > 0, context.memory.isExceeded(by: more) else { return nil }
    let error = tooMuch(more)
    context.meter.refused(error, remoteAddress)
    return error
  }

  private func tooMuch(_ count: Int) -> StatusError {
    StatusError(
      .resourceExhausted,
      "\(count) bytes more of bodies do not fit: at most \(context.memory.limit) are in memory at a time; try again later",
      limit: .bytesInFlight)
  }

  /// Brings what the budget counts into line with what is in memory.
  func account() {
    let now = socket == nil ? 0 : machine.heldBytes + (transmission?.heldBytes ?? 0)
    guard now != accounted else { return }
    context.memory.change(by: now - accounted)
    accounted = now
  }

  /// Cuts the connection where the client takes an answer too slowly. On the loop's queue.
  func lookAtProgress(_ now: ContinuousClock.Instant) {
    let limits = context.limits
    guard
      progress.isTooSlow(at: now, taken: takenBytes, time: limits.writeProgress, least: limits.leastWritten)
    else { return }
    context.meter.reached(
      .writeTime, by: remoteAddress,
      "the connection is cut: fewer than \(limits.leastWritten) bytes of an answer were taken in \(limits.writeProgress)"
    )
    perform(machine.timedOut(date: loop.date))
  }
}

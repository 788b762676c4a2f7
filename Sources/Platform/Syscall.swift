import Glibc

/// Runs a call that reports failure as -1 in `errno`, again while a signal interrupts it (EINTR).
@discardableResult
package func retryingInterrupts<Result: SignedInteger>(
  _ call: String, on subject: @autoclosure () -> String? = nil, _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = errno
    if code != EINTR { throw SystemError(call, code: code, on: subject()) }
  }
}

/// Like `retryingInterrupts`, but answers nil where the descriptor is not ready (EAGAIN, EWOULDBLOCK).
package func nonBlocking<Result: SignedInteger>(
  _ call: String, on subject: @autoclosure () -> String? = nil, _ body: () -> Result
) throws(SystemError) -> Result? {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = errno
    if code == EAGAIN || code == EWOULDBLOCK { return nil }
    if code != EINTR { throw SystemError(call, code: code, on: subject()) }
  }
}

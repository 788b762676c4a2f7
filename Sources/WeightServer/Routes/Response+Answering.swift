import HTTPTypes
import Transport

extension Response {
  /// The answer, which is the same for every GET and HEAD and may not be kept by caches unasked.
  func answering(_ request: Request) -> Response {
    var response = self
    response.fields[.cacheControl] = "no-cache"
    return response
  }
}

import HTTPTypes

/// Answers a GET or HEAD from a representation: preconditions, then ranges, then the whole (RFC 9110 sections 13 and 14; the
/// steps are those of `serveContent` in Go's `net/http`). Any other method is 405.
package func serve(_ representation: Representation, for request: RequestHead) -> Response {
  serve(representation, for: request, boundary: MultipartRanges.randomBoundary())
}

/// The same, with the text that stands between the parts of an answer with several ranges.
func serve(
  _ representation: Representation, for request: RequestHead, boundary: @autoclosure () -> String
) -> Response {
  guard request.method == .get || request.method == .head else {
    return Response(.methodNotAllowed(request.method, allow: [.get, .head]))
  }
  var fields = representation.fields
  fields[.eTag] = representation.entityTag?.description
  fields[.lastModified] = representation.lastModified.map(HTTPDate.format)
  let honorsRange: Bool
  switch Conditionals.evaluate(
    method: request.method, fields: request.fields, entityTag: representation.entityTag,
    lastModified: representation.lastModified)
  {
  case .notModified: return Response(status: .notModified, fields: withoutContent(fields))
  case .failed(let name): return preconditionFailed(name, representation)
  case .proceed(let honors): honorsRange = honors
  }
  fields[.acceptRanges] = "bytes"
  // RFC 9110 section 14.2: Range is defined for GET alone.
  guard honorsRange, request.method == .get, let value = request.fields[.range] else {
    return whole(representation, fields)
  }
  switch ByteRanges.parse(value, length: representation.length) {
  case .whole: return whole(representation, fields)
  case .unsatisfiable: return unsatisfiable(value, representation)
  case .ranges(let ranges):
    if ranges.count == 1, let range = ranges.first { return partial(range, representation, fields) }
    return multipart(ranges, representation, fields, boundary: boundary())
  }
}

private func whole(_ representation: Representation, _ fields: HTTPFields) -> Response {
  let length = representation.length
  return Response(fields: fields, body: .source(length: length, representation.body(0..<length)))
}

private func partial(_ range: Range<Int>, _ representation: Representation, _ fields: HTTPFields) -> Response {
  var fields = fields
  fields[.contentRange] = MultipartRanges.contentRange(range, of: representation.length)
  return Response(
    status: .partialContent, fields: fields,
    body: .source(length: range.count, representation.body(range)))
}

private func multipart(
  _ ranges: [Range<Int>], _ representation: Representation, _ fields: HTTPFields, boundary: String
) -> Response {
  let body = MultipartRanges(
    ranges, of: representation, contentType: fields[.contentType], boundary: boundary)
  guard let length = body.length else { return whole(representation, fields) }
  var fields = fields
  fields[.contentType] = "multipart/byteranges; boundary=\(boundary)"
  return Response(status: .partialContent, fields: fields, body: .source(length: length, body))
}

private func unsatisfiable(_ value: String, _ representation: Representation) -> Response {
  var fields = HTTPFields()
  fields[.contentRange] = "bytes */\(representation.length)"
  fields[.acceptRanges] = "bytes"
  fields[.eTag] = representation.entityTag?.description
  return Response(
    StatusError(
      .outOfRange,
      "Range '\(value.utf8.printable)' has no byte of the \(representation.length) here: ask for 'bytes=FIRST-LAST' from 0 to "
        + "\(max(representation.length - 1, 0))",
      status: .rangeNotSatisfiable, fields: fields))
}

private func preconditionFailed(_ name: String, _ representation: Representation) -> Response {
  var fields = HTTPFields()
  fields[.eTag] = representation.entityTag?.description
  let current =
    representation.entityTag.map { "the entity tag is \($0.description.utf8.printable)" } ?? "there is no tag"
  return Response(
    StatusError(
      .failedPrecondition, "\(name) does not hold: \(current)", status: .preconditionFailed, fields: fields))
}

/// What a 304 repeats: no field that describes a body it does not have (RFC 9110 section 15.4.5).
private func withoutContent(_ fields: HTTPFields) -> HTTPFields {
  var kept = HTTPFields()
  for field in fields
  where !field.name.canonicalName.hasPrefix("content-") || field.name == .contentLocation { kept.append(field) }
  return kept
}

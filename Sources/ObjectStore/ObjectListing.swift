import Platform
import Transport

/// One object, as a listing has it.
package struct StoredObject: Hashable, Sendable {
  /// Its key.
  package let key: String
  /// Bytes.
  package let size: UInt64
  /// What changes with its content, without the quotes that some stores leave out of listings.
  package let entityTag: String
  /// When it was modified, in seconds since 1970.
  package let modified: Int64

  /// An entity tag without quotes.
  static func tag(_ text: String) -> String {
    text.count > 1 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
  }
}

/// A page of a bucket's objects.
///
/// Source: Amazon S3 API Reference, `ListObjectsV2`, with `encoding-type=url`.
struct ObjectListing {
  /// The objects, by key.
  private(set) var objects: [StoredObject] = []
  /// What the next page is asked for by; nil where this is the last.
  private(set) var continuation: String?

  private var isTruncated = false

  /// Reads an answer.
  /// - Throws: what is wrong with it.
  init(_ body: [UInt8]) throws(XMLReader.Failure) {
    var reader = XMLReader(body)
    var path: [String] = []
    var values: [String: String] = [:]
    while let event = try reader.next() {
      switch event {
      case .start(let name):
        path.append(name)
        guard path.count <= 8 else { throw XMLReader.Failure(message: "elements nested more than 8 deep") }
        if path == ["ListBucketResult", "Contents"] { values = [:] }
      case .text(let text):
        if path.count == 3, path[1] == "Contents" { values[path[2], default: ""] += text }
        if path == ["ListBucketResult", "IsTruncated"] { isTruncated = text == "true" }
        if path == ["ListBucketResult", "NextContinuationToken"] { continuation = text }
      case .end(let name):
        guard path.last == name else { throw XMLReader.Failure(message: "</\(name)> where none is open") }
        if path == ["ListBucketResult", "Contents"] { objects.append(try ObjectListing.object(values)) }
        path.removeLast()
      }
    }
    guard path.isEmpty else { throw XMLReader.Failure(message: "it ends within <\(path[path.count - 1])>") }
    if !isTruncated { continuation = nil }
  }

  private static func object(_ values: [String: String]) throws(XMLReader.Failure) -> StoredObject {
    guard let encoded = values["Key"], let key = PercentEncoding.decode(Array(encoded.utf8), plusAsSpace: true),
      let size = values["Size"].flatMap({ UInt64($0) }), size <= UInt64(Int64.max), let tag = values["ETag"],
      let modified = values["LastModified"].flatMap(ObjectListing.seconds)
    else { throw XMLReader.Failure(message: "an object without key, size, ETag or time") }
    return StoredObject(key: key, size: size, entityTag: StoredObject.tag(tag), modified: modified)
  }

  /// Seconds since 1970 of `2026-01-31T08:15:00.000Z`.
  private static func seconds(_ text: String) -> Int64? {
    HTTPDate.parseRFC3339(String(text.prefix { $0 != "." && $0 != "Z" }) + "Z")
  }
}

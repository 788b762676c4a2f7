import HTTPTypes
import Platform
import Transport

/// The page for people: a document and what it needs, carried by the program.
enum Page {
  /// One file of it.
  struct Asset: Sendable {
    let bytes: [UInt8]
    let contentType: String
    let tag: String

    fileprivate init(_ bytes: [UInt8], _ contentType: String) {
      self.bytes = bytes
      self.contentType = contentType
      tag = SHA256.digest(of: bytes).prefix(16).hexadecimal
    }

    /// The answer to a request for it, which may be that it has not changed.
    func response(to head: RequestHead) -> Response {
      var fields = Page.fields
      fields[.contentType] = contentType
      let representation = Representation(length: bytes.count, entityTag: EntityTag(tag), fields: fields) { range in
        PieceList([.bytes(Array(bytes[range]))])
      }
      return serve(representation, for: head)
    }
  }

  /// The document.
  static let document = Asset(PackageResources.page_html, "text/html; charset=utf-8")

  /// What the document names, by file.
  static let assets = [
    "page.css": Asset(PackageResources.page_css, "text/css; charset=utf-8"),
    "page.js": Asset(PackageResources.page_js, "text/javascript; charset=utf-8"),
    "ask.js": Asset(PackageResources.ask_js, "text/javascript; charset=utf-8"),
    "dom.js": Asset(PackageResources.dom_js, "text/javascript; charset=utf-8"),
    "split.js": Asset(PackageResources.split_js, "text/javascript; charset=utf-8"),
    "icon.svg": Asset(PackageResources.icon_svg, "image/svg+xml"),
  ]

  /// Nothing is fetched from elsewhere, run from within the document, or shown inside another one.
  static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'"

  private static var fields: HTTPFields {
    var fields = HTTPFields()
    fields[.cacheControl] = "no-cache"
    fields[.contentSecurityPolicy] = contentSecurityPolicy
    fields[.xContentTypeOptions] = "nosniff"
    fields[.referrerPolicy] = "no-referrer"
    fields[.crossOriginResourcePolicy] = "same-origin"
    return fields
  }
}

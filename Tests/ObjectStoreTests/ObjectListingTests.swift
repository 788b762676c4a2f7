import Testing

@testable import ObjectStore

@Suite struct ObjectListingTests {
  private func listing(_ inside: String) throws(XMLReader.Failure) -> ObjectListing {
    try ObjectListing(Array("<ListBucketResult xmlns=\"http://s3\">\(inside)</ListBucketResult>".utf8))
  }

  private static let object =
    "<Contents><Key>m/a%20b</Key><LastModified>2026-01-31T08:15:00.000Z</LastModified><ETag>&quot;x&quot;</ETag>"
    + "<Size>12</Size><Owner><ID>1</ID></Owner></Contents>"

  @Test func objectsHaveKeySizeTagAndTime() throws {
    let listing = try listing("<Name>b</Name>\(Self.object)<IsTruncated>false</IsTruncated>")
    let object = try #require(listing.objects.first)
    #expect(object == StoredObject(key: "m/a b", size: 12, entityTag: "x", modified: 1_769_847_300))
    #expect(listing.continuation == nil)
  }

  @Test func aPageThatIsCutSaysHowToGoOn() throws {
    let text = "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>"
    #expect(try listing(text).continuation == "t&1")
  }

  @Test(arguments: [
    "<Contents><Key>a</Key></Contents>", "<Contents>", "</Contents>",
    object.replacing("<Size>12", with: "<Size>-1"), object.replacing("<Size>12", with: "<Size>99999999999999999999"),
    object.replacing("2026-01-31", with: "2026-13-31"),
  ])
  func whatLacksSomethingIsRefused(_ text: String) {
    #expect(throws: XMLReader.Failure.self) { try listing(text) }
  }
}

import Testing
import WeightServerClient

@testable import ObjectStore

@Suite struct ObjectLocationTests {
  @Test(arguments: [
    ("s3://bucket/a/b", "bucket", "a/b"), ("s3://bucket", "bucket", ""),
    ("s3://my.bucket-1//a//b/", "my.bucket-1", "a/b"),
  ])
  func bucketAndPrefixAreTakenApart(_ text: String, _ bucket: String, _ prefix: String) throws {
    let location = try ObjectLocation(text)
    #expect(location.bucket == bucket && location.prefix == prefix)
  }

  @Test(arguments: ["s3://", "s3://ab/x", "s3://Bucket/x", "s3://bucket/../x", "s3://bucket/a\\b"])
  func whatIsNoLocationIsRefused(_ text: String) {
    #expect(throws: ObjectStoreError.self) { try ObjectLocation(text) }
  }

  @Test(arguments: [
    (
      "https://s3.eu-central-1.amazonaws.com", ObjectStoreConfiguration.Addressing.auto,
      "https://weights.s3.eu-central-1.amazonaws.com", ""
    ),
    ("http://127.0.0.1:9000", .auto, "http://127.0.0.1:9000", "/weights"),
    ("http://127.0.0.1:9000/base", .path, "http://127.0.0.1:9000/base", "/base/weights"),
    ("http://store:9000", .virtual, "http://weights.store:9000", ""),
  ])
  func aBucketIsNamedByItsHostOrItsPath(
    _ endpoint: String, _ addressing: ObjectStoreConfiguration.Addressing, _ server: String, _ path: String
  ) throws {
    var configuration = ObjectStoreConfiguration()
    configuration.endpoint = endpoint
    configuration.addressing = addressing
    let found = try configuration.server(of: "weights")
    #expect(found.address.description == server && found.path == path)
  }
}

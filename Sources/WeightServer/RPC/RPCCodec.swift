import Loader
import SwiftProtobuf
import Transport

/// The two formats that messages travel in.
enum RPCCodec: String, Sendable, CaseIterable {
  /// Protobuf's JSON mapping.
  case json
  /// Protobuf's binary format.
  case proto

  /// The media type of a unary call's message.
  var mediaType: String { "application/\(rawValue)" }

  /// The format of a media type; nil where it is another.
  init?(mediaType text: String) {
    let parts = text.split(separator: ";").map {
      String(decoding: ASCII.trim([UInt8]($0.utf8)[...]), as: UTF8.self).lowercased()
    }
    guard let type = parts.first, let codec = RPCCodec.allCases.first(where: { $0.mediaType == type }) else {
      return nil
    }
    guard parts.dropFirst().allSatisfy({ $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }) else { return nil }
    self = codec
  }

  /// Reads a message.
  /// - Throws: `invalid_argument` for what is not one; a JSON member that the message does not have is refused, never passed over.
  func decode<Input: SwiftProtobuf.Message>(_ type: Input.Type, _ bytes: [UInt8]) throws(StatusError) -> Input {
    do {
      switch self {
      case .json: return try Input(jsonUTF8Bytes: bytes)
      case .proto: return try Input(serializedBytes: bytes)
      }
    } catch {
      throw StatusError(
        .invalidArgument,
        "the message is not a \(Input.protoMessageName) in \(mediaType): \(String(describing: error).escaped)")
    }
  }

  /// Writes a message.
  func encode(_ message: some SwiftProtobuf.Message) throws(StatusError) -> [UInt8] {
    do {
      switch self {
      case .json: return try message.jsonUTF8Bytes()
      case .proto: return try message.serializedBytes()
      }
    } catch {
      throw StatusError(.internalError, "the answer cannot be written as \(mediaType)")
    }
  }
}

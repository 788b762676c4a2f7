@testable import Loader

/// A parser that is given any bytes: it answers or refuses, and does neither trap nor break what it promises of its answers.
protocol FuzzTarget: SendableMetatype {
  init() throws

  /// Parses some bytes, and stops the process where a promise is broken.
  func run(_ bytes: [UInt8])
}

/// Stops the process where a parser's promise is broken.
func promise(_ holds: Bool, _ what: @autoclosure () -> String) {
  if !holds { preconditionFailure(what()) }
}

/// A refusal is one line, whatever the input put into it.
func promiseOneLine(_ refusal: String) {
  promise(!refusal.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a message of several lines")
}

/// A located tensor lies inside its file, view or not.
func promise(_ tensor: StoredTensor, liesIn files: FileTable) {
  let size = files.entries[tensor.location.file].file.size
  guard let element = tensor.dtype.byteSize, !tensor.shape.contains(0) else {
    promise(UInt64(tensor.location.offset) <= size, "an empty tensor behind the end")
    return
  }
  var last = tensor.location.offset
  for (extent, stride) in zip(tensor.shape, tensor.strides) { last += (extent - 1) * stride }
  promise(tensor.location.offset >= 0 && UInt64(last + element) <= size, "a tensor that leaves its file")
}

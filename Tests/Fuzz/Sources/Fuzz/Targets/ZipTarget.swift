@testable import Loader

/// A file of `torch.save`: a zip file with its directory, or one of the older containers.
struct ZipTarget: FuzzTarget {
  private let file: ScratchFile

  init() throws { file = try ScratchFile(name: "model.pt") }

  func run(_ bytes: [UInt8]) {
    var files = file.table(bytes)
    do throws(LoaderError) {
      let index = try files.open("model.pt")
      let value = try TorchFile.read(index, in: &files, policy: PicklePolicy())
      guard value.isDictionary else { return }
      for (_, value) in try value.leaves() {
        if let tensor = value.asTensor { promise(tensor, liesIn: files) }
      }
    } catch {
      promiseOneLine(error.description)
    }
  }
}

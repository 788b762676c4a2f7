package import Loader
import Platform

/// Loads checkpoints that lie in an object store: `s3://BUCKET/PREFIX` names a folder, or a file with those beside it.
///
/// What is read of them is brought to a mirror on this host, which goes with the last file that is open there.
package struct ObjectCheckpoints: Sendable {
  private let configuration: ObjectStoreConfiguration
  private let environment: [String: String]
  private let folder: String

  /// Checkpoints of a store.
  /// - Parameters:
  ///   - environment: variables that say what the configuration does not: region, endpoint, credentials.
  ///   - cache: the folder for what can be made again, beneath which mirrors are made.
  package init(_ configuration: ObjectStoreConfiguration, environment: [String: String], cache: String) {
    self.configuration = configuration
    self.environment = environment
    folder = Path.join(cache, "objects")
  }

  /// Whether a path is one of an object store.
  package static func mayLoad(_ path: String) -> Bool { ObjectLocation.isMeant(by: path) }

  /// Reads a checkpoint's metadata.
  package func load(_ path: String, options: LoadOptions) throws(LoaderError) -> Checkpoint {
    let mirror: ObjectMirror
    do throws(ObjectStoreError) {
      let store = try ObjectStore(configuration, environment: environment)
      mirror = try ObjectMirror(ObjectLocation(path), store: store, in: folder)
    } catch {
      throw LoaderError(error)
    }
    var options = options
    options.roots.add(mirror)
    return try CheckpointLoader.load(mirror.checkpoint, options: options)
  }
}

extension LoaderError {
  fileprivate init(_ error: ObjectStoreError) {
    let code: Code =
      switch error.kind {
      case .invalid: .invalidArgument
      case .missing: .missingFile
      case .changed: .dataLoss
      case .denied, .failed: .inputOutput
      }
    self.init(code, error.message)
  }
}

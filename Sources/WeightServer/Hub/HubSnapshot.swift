import Loader
import Platform
import Transport

/// A checkpoint at one revision, as a repository of files: its partitions, its configuration, and what a model needs beside them.
struct HubSnapshot: Sendable {
  /// The checkpoint.
  let loaded: LoadedCheckpoint
  /// The revision that was asked for.
  let revision: HubRevision
  /// Whether it was asked for by its commit id.
  let isPinned: Bool
  /// Its commit id.
  let commit: String
  /// The digests of partitions that are known.
  let digests: DigestService
  /// The digests of all other files.
  let assetDigests: AssetDigests

  private static let configuration = "config.json"

  /// Throws where the model has no partitions under Hugging Face's names, or none at the degree.
  func check() throws(StatusError) {
    do throws(LoaderError) {
      _ = try loaded.checkpoint.huggingFace()
    } catch {
      throw StatusError(error)
    }
    do throws(LoaderError) {
      _ = try loaded.plan(revision.parameters)
    } catch {
      throw .hub(.revision, "revision \(revision.text.escaped) is not to be had: \(error)")
    }
  }

  /// The paths of all files, in order.
  var paths: [String] {
    let assets = (loaded.checkpoint.assets?.names ?? []).filter { $0 != HubSnapshot.configuration }
    let configuration = configurationText == nil ? [] : [HubSnapshot.configuration]
    return (revision.weights + assets + configuration).sorted()
  }

  /// The text of `config.json`: the one beside the checkpoint, or the one made of the training's arguments; nil where there is neither.
  private var configurationText: String? { try? loaded.checkpoint.huggingFaceConfiguration() }

  /// A file; nil where the snapshot has none at the path.
  /// - Throws: a `StatusError` where there should be one and is not to be had.
  func file(_ path: String) throws(StatusError) -> HubFile? {
    if let parameters = revision.partition(path) {
      do throws(LoaderError) {
        let plan = try loaded.plan(parameters)
        return HubFile(path: path, plan, digest: digests.digest(plan.identity))
      } catch {
        throw StatusError(error)
      }
    }
    if path == HubSnapshot.configuration { return configurationText.map { HubFile(path: path, text: $0) } }
    guard let file = loaded.checkpoint.assets?.open(path) else { return nil }
    do throws(SystemError) {
      return HubFile(path: path, file, digest: try assetDigests.digest(of: file))
    } catch {
      throw StatusError(.dataLoss, "\(path.escaped) cannot be read: \(error.reason)")
    }
  }
}

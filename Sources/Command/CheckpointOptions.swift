import ArgumentParser
import Loader
import ObjectStore
import Platform
import WeightServer

/// How the commands that read a checkpoint themselves find it.
struct CheckpointOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("A manifest, folder or file, or s3://BUCKET/PREFIX.", valueName: "checkpoint"))
  var checkpoint: String

  @Option(help: ArgumentHelp("A folder that the checkpoint's files may lie in; may be repeated.", valueName: "folder"))
  var root: [String] = []

  @Option(help: "The name to give the checkpoint.")
  var name: String?

  @Option(
    name: .customLong("allow-opaque"),
    help: ArgumentHelp("A global that pickles may name beyond the known ones; may be repeated.", valueName: "prefix"))
  var allowOpaque: [String] = []

  /// Reads the checkpoint's metadata.
  func load() throws(Failure) -> Checkpoint {
    var options = LoadOptions()
    options.name = name
    options.opaqueGlobals = allowOpaque
    for folder in root {
      do throws(SystemError) {
        try options.roots.add(folder: folder)
      } catch {
        throw Failure(.usage, "--root \(folder.escaped): \(error.reason)")
      }
    }
    do throws(LoaderError) {
      if ObjectCheckpoints.mayLoad(checkpoint) {
        let environment = ProcessEnvironment.variables
        let objects = ObjectCheckpoints(
          ObjectStoreConfiguration(), environment: environment, cache: Configuration.Cache().folderPath(environment))
        return try objects.load(checkpoint, options: options)
      }
      return try CheckpointLoader.load(checkpoint, options: options)
    } catch {
      throw Failure(error)
    }
  }
}

extension ParameterOptions {
  /// The parameters of a partition.
  func parameters(rank: Int?, mp: Int) throws(Failure) -> PartitionParameters {
    var pairs = [(name: "mp", value: String(mp))]
    if let rank { pairs.append(("rank", String(rank))) }
    do throws(LoaderError) {
      return try PartitionParameters(pairs + self.pairs, requiresRank: false)
    } catch {
      throw Failure(error)
    }
  }
}

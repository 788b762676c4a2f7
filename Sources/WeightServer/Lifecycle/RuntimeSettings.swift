import Glibc
import Loader
import ObjectStore
import Platform

/// What follows from a configuration for loads, checked: so that a bad one is refused before anything of it holds.
struct RuntimeSettings: Sendable {
  /// What loads depend on.
  let catalog: Catalog.Settings

  /// - Throws: for a root or a name that cannot be used.
  init(_ configuration: Configuration) throws(ConfigurationError) {
    var options = LoadOptions()
    options.identity = configuration.checkpoints.identity
    options.opaqueGlobals = configuration.allowedGlobals
    var allowed = AllowedFolders()
    for root in configuration.roots {
      do throws(SystemError) {
        try options.roots.add(folder: root)
      } catch {
        throw ConfigurationError(place: "roots", message: "\(root.escaped) cannot be a root: \(error.reason)")
      }
      allowed.add(root)
    }
    for source in configuration.checkpoints.manifests {
      try RuntimeSettings.checkName(source)
      if ObjectCheckpoints.mayLoad(source.path) { continue }
      let isFolder = (try? FileStatus.of(path: source.path))?.kind == .folder
      allowed.add(isFolder ? source.path : Path.folder(of: source.path))
    }
    for folder in configuration.checkpoints.watched {
      do throws(SystemError) {
        guard try FileStatus.of(path: folder).kind == .folder else { throw SystemError("opendir", code: ENOTDIR) }
      } catch {
        throw ConfigurationError(
          place: "checkpoints.watch", message: "\(folder.escaped) cannot be watched: \(error.reason)")
      }
      allowed.add(folder)
    }
    let environment = ProcessEnvironment.variables
    catalog = Catalog.Settings(
      options: options, allowed: allowed,
      objects: ObjectCheckpoints(
        configuration.objects, environment: environment, cache: configuration.cache.folderPath(environment)))
  }

  private static func checkName(_ source: Configuration.Source) throws(ConfigurationError) {
    guard let name = source.name else { return }
    do throws(LoaderError) {
      _ = try ManifestName.validate(name)
    } catch {
      throw ConfigurationError(place: "checkpoints", message: error.message)
    }
  }
}

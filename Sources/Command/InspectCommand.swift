import ArgumentParser
import Loader
import Platform
import WeightServer

/// `weight-server inspect`: what a checkpoint is, and how it would be dealt.
struct InspectCommand: AsyncParsableCommand, TalkativeCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print what a checkpoint is, why, and how its tensors are dealt to ranks.",
    discussion: """
      Reads metadata only, never a weight, but for one case: with --quantize and --mp the weights that the rank holds are read, \
      quantized and compared, and the table says how far they are from the source's. With --mp, the shapes are those that \
      each rank holds.
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(help: "Tensor-parallel degree to plan for.")
  var mp: Int?

  @Option(help: "The rank whose shapes are shown.")
  var rank: Int?

  @OptionGroup(title: "Parameters of the partition") var parameters: ParameterOptions

  @Flag(
    name: .customLong("hf-config"),
    help: "Print only the Hugging Face config.json of the model, and where its fields come from.")
  var huggingFaceConfiguration = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Say more about errors.")
  var verbose = false

  func validate() throws {
    if rank != nil, mp == nil { throw ValidationError("--rank needs --mp") }
  }

  func run() async throws {
    let checkpoint = try source.load()
    if huggingFaceConfiguration {
      do throws(LoaderError) {
        return Terminal.write(try checkpoint.huggingFaceConfiguration(), to: .output)
      } catch {
        throw Failure(error)
      }
    }
    var plan: PartitionPlan?
    var report: QuantizationReport?
    if let mp {
      let parameters = try parameters.parameters(rank: rank, mp: mp)
      do throws(LoaderError) {
        let made = try Planner(checkpoint, parameters).plan()
        plan = made
        if parameters.quantization != .none {
          report = try QuantizationReport(PartitionBody(made, sources: SourceSet(checkpoint.files)))
        }
      } catch {
        throw Failure(error)
      }
    }
    let text =
      if json {
        jsonText(checkpoint, plan, report, try mapping(of: checkpoint))
      } else {
        InspectReport(checkpoint, plan, report, try mapping(of: checkpoint)).text
      }
    Terminal.write(text, to: .output)
  }

  /// How the source's tensors become Hugging Face's, where those are asked for.
  private func mapping(of checkpoint: Checkpoint) throws -> HuggingFaceMapping? {
    guard try parameters.parameters(rank: nil, mp: 1).names == .huggingFace else { return nil }
    do throws(LoaderError) {
      return try checkpoint.huggingFace()
    } catch {
      throw Failure(error)
    }
  }

  private func jsonText(
    _ checkpoint: Checkpoint, _ plan: PartitionPlan?, _ report: QuantizationReport?, _ mapping: HuggingFaceMapping?
  ) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("name", checkpoint.name)
      let description = ManifestDescription(checkpoint)
      description.writeSummary(to: &json, degrees: checkpoint.possibleDegrees)
      description.writeDetails(to: &json)
      if let mapping {
        json.key("mapping")
        json.raw(MappingDescription(mapping).json.bytes)
      }
      if let plan {
        json.key("plan")
        json.raw(PlanDescription(plan, of: checkpoint, report: report).json.bytes)
      }
    }
    return String(decoding: json.bytes, as: UTF8.self) + "\n"
  }
}

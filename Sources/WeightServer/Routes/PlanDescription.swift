package import Loader
package import Platform

/// The JSON of one partition's plan: every tensor, where its bytes come from, and how it would be served.
package struct PlanDescription {
  private let plan: PartitionPlan
  private let checkpoint: Checkpoint
  private let serving: CachePolicy.Decision
  private let errors: [String: QuantizationReport.Row]

  /// Describes a plan of a checkpoint, as a daemon with a cache would serve it.
  package init(_ plan: PartitionPlan, of checkpoint: Checkpoint, report: QuantizationReport?) {
    self.init(plan, of: checkpoint, serving: CachePolicy(mode: .auto).decide(plan), report: report)
  }

  /// Describes a plan of a checkpoint, how it is served, and what its quantization costs, where that is known.
  init(
    _ plan: PartitionPlan, of checkpoint: Checkpoint, serving: CachePolicy.Decision, report: QuantizationReport?
  ) {
    self.plan = plan
    self.checkpoint = checkpoint
    self.serving = serving
    errors = Dictionary((report?.rows ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The JSON text.
  package var json: JSONWriter {
    let costs = plan.costs
    var json = JSONWriter()
    json.object { json in
      json.member("model", checkpoint.name)
      json.member("revision", plan.revision)
      json.member("rank", plan.parameters.rank)
      json.member("mp", plan.parameters.mp)
      json.member("parameters", plan.parameters.canonical)
      json.member("etag", "\"\(plan.identity)\"")
      json.member("bytes", plan.length)
      json.key("cost")
      json.object {
        $0.member("carried", costs.literal)
        $0.member("direct", costs.direct)
        $0.member("gathered", costs.gathered)
        $0.member("transformed", costs.transformed)
      }
      json.key("serving")
      json.object {
        $0.member("how", serving.way.rawValue)
        $0.member("why", serving.reason)
      }
      json.key("tensors")
      json.array { json in for tensor in plan.tensors { describe(tensor, to: &json) } }
    }
    return json
  }

  private func describe(_ scheme: TensorScheme, to json: inout JSONWriter) {
    json.object { json in
      json.member("name", scheme.name)
      if let from = scheme.from { json.member("from", from.rawValue) }
      if let groups = scheme.groups { json.member("groups", groups) }
      if let size = scheme.groupSize { json.member("group_size", size) }
      if let of = scheme.of { json.member("of", of) }
    }
  }

  private func describe(_ tensor: PlannedTensor, to json: inout JSONWriter) {
    json.object { json in
      json.member("name", tensor.name)
      json.member("dtype", tensor.dtype.rawValue)
      json.key("shape")
      json.array(tensor.shape)
      json.key("whole_shape")
      json.array(tensor.wholeShape)
      json.key("range")
      json.array([tensor.range.lowerBound, tensor.range.upperBound])
      // A scale is not dealt: it is made of what the rank holds.
      json.member("rule", tensor.scheme.of == nil ? tensor.rule.description : nil)
      writeHeld(tensor, to: &json)
      json.key("scheme")
      describe(tensor.scheme, to: &json)
      if let error = errors[tensor.name] {
        json.key("error")
        json.object {
          $0.member("maximum", error.maximumError)
          $0.member("mean_squared", error.meanSquaredError)
        }
      }
      if let origin = tensor.origin {
        json.member("made_of", origin.source)
        json.member("operation", origin.operation)
      }
      json.key("sources")
      json.array { json in
        for index in tensor.segments { describe(plan.segments[index], to: &json) }
      }
    }
  }

  /// Stretches of an axis that are listed: more would say nothing to anyone.
  private static let heldLimit = 256

  /// Writes which positions of which axis of the whole tensor the rank holds, in its order, where it does not hold all.
  private func writeHeld(_ tensor: PlannedTensor, to json: inout JSONWriter) {
    let parameters = plan.parameters
    guard tensor.scheme.of == nil, let axis = tensor.rule.axis,
      let intervals = try? tensor.rule.held(rank: parameters.rank, mp: parameters.mp, shape: tensor.wholeShape),
      intervals.count <= PlanDescription.heldLimit
    else { return }
    json.member("axis", axis)
    json.key("held")
    json.array { json in
      for interval in intervals { if let start = interval.start { json.array([start, start + interval.count]) } }
    }
    let zeros = intervals.reduce(0) { $0 + ($1.start == nil ? $1.count : 0) }
    if zeros > 0 { json.member("zeros", zeros) }
  }

  private func describe(_ segment: Segment, to json: inout JSONWriter) {
    json.object { json in
      switch segment.content {
      case .literal:
        json.member("kind", "literal")
      case .zeros:
        json.member("kind", "zeros")
      case .run(let file, let offset):
        json.member("kind", "run")
        json.member("file", checkpoint.files[file].name)
        json.member("offset", offset)
      case .gather(let gather):
        json.member("kind", "gather")
        json.key("counts")
        json.array(gather.counts)
        json.key("strips")
        json.array { json in for strip in gather.strips { describe(strip, to: &json) } }
      case .transform(let transform):
        json.member("kind", "transform")
        json.member("operation", transform.description)
        json.key("inputs")
        json.array { json in for segment in transform.input.segments { describe(segment, to: &json) } }
      }
      json.member("length", segment.count)
    }
  }

  private func describe(_ strip: Gather.Strip, to json: inout JSONWriter) {
    json.object { json in
      json.member("file", strip.file.map { checkpoint.files[$0].name })
      json.member("offset", strip.offset)
      json.key("strides")
      json.array(strip.strides)
      json.member("length", strip.length)
      if !strip.repeats.isEmpty {
        json.key("repeats")
        json.array { json in
          for loop in strip.repeats {
            json.object {
              $0.member("count", loop.count)
              $0.member("stride", loop.stride)
            }
          }
        }
      }
    }
  }
}

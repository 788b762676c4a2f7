package import Loader
package import Platform

/// The JSON of how a source's tensors become those of a Hugging Face checkpoint.
package struct MappingDescription {
  private let mapping: HuggingFaceMapping

  /// Describes a mapping.
  package init(_ mapping: HuggingFaceMapping) {
    self.mapping = mapping
  }

  /// The JSON text.
  package var json: JSONWriter {
    var json = JSONWriter()
    json.object { json in
      json.member("model_type", mapping.modelType)
      json.key("tensors")
      json.array { json in
        for line in mapping.lines {
          json.object { json in
            json.member("source", line.source)
            json.key("source_shape")
            json.array(line.sourceShape)
            json.member("name", line.target)
            json.key("shape")
            json.array(line.targetShape)
            json.member("operation", line.operation)
          }
        }
      }
    }
    return json
  }
}

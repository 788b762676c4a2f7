import Testing

@testable import Loader

@Suite struct PicklePolicyTests {
  @Test(arguments: [
    "collections OrderedDict", "collections defaultdict", "argparse Namespace", "torch FloatStorage",
    "torch BFloat16Storage",
    "torch.cuda HalfStorage", "torch.storage UntypedStorage", "torch float8_e4m3fn", "torch uint3", "torch Size",
    "torch device", "torch FloatTensor", "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter_with_state",
    "torch._tensor _rebuild_from_type_v2", "torch.nn.parameter Parameter", "torch.serialization _get_layout",
    "torch.distributed.checkpoint.metadata Metadata", "torch.distributed.checkpoint.filesystem _StorageInfo",
    "torch.distributed._shard.sharded_tensor.metadata TensorProperties", "torch.torch_version TorchVersion",
    "numpy dtype", "numpy ndarray", "numpy float32", "numpy bool_", "numpy int64", "numpy.dtypes Float64DType",
    "numpy.core.multiarray _reconstruct", "numpy._core.multiarray scalar", "numpy.random._pickle __randomstate_ctor",
    "_codecs encode", "_io BytesIO", "io BytesIO", "__builtin__ set", "builtins complex", "__builtin__ long",
    "pathlib PosixPath", "pathlib._local PosixPath", "megatron.core.transformer.enums AttnBackend",
    "deepspeed.runtime.fp16.loss_scaler LossScaler", "deepspeed.utils.tensor_fragment fragment_address",
    "transformer_engine.common.recipe DelayedScaling", "enum IntEnum",
  ])
  func namesOfRealCheckpointsAreKnown(_ name: String) {
    let parts = name.split(separator: " ").map(String.init)
    #expect(PicklePolicy().allows(PickleGlobal(module: parts[0], name: parts[1])))
  }

  @Test(arguments: [
    "posix system", "os system", "subprocess Popen", "builtins eval", "builtins exec", "builtins getattr",
    "builtins open",
    "builtins __import__", "__builtin__ apply", "builtins print", "torch load", "torch.hub load",
    "torch.hub load_state_dict_from_url",
    "torch serialization", "torch serialization.os.system", "torch Tensor.data", "torch Float7Storage",
    "torch._utils _import_dotted_name",
    "torch._utils os", "torch.jit load", "torch.nn.modules.linear Linear", "torch.storage FloatStorage",
    "torch.distributed.run main", "torch.distributed.checkpoint.metadata os", "numpy load", "numpy fromfile",
    "numpy.lib.npyio load", "numpy f2py", "numpy.dtypes system", "collections namedtuple", "collections _sys",
    "argparse ArgumentParser",
    "argparse _os", "_codecs decode", "_codecs lookup", "io open", "io FileIO", "pathlib os", "pathlib Path.unlink",
    "megatron.training.arguments os", "megatron.training.arguments parse_args", "megatron.core A.b",
    "megatronx.core Name",
    "deepspeed.launcher.runner main", "deepspeed.ops.op_builder.builder os", "enum _os", "enum auto",
    "functools partial", "copyreg _reconstructor",
    "runpy _run_code", "sys modules", " ", "torch ", "megatron.core ",
  ])
  func allOtherNamesAreRefused(_ name: String) {
    let parts = name.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    #expect(!PicklePolicy().allows(PickleGlobal(module: parts[0], name: parts[1])))
  }

  @Test(arguments: [
    (["omegaconf"], "omegaconf.dictconfig DictConfig", true), (["omegaconf"], "omegaconfx Name", false),
    (["a.b.C"], "a.b C", true), (["a.b.C"], "a.b D", false), ([], "a.b C", false), ([""], "a.b C", false),
  ])
  func theListCanBeExtended(_ allowed: [String], _ name: String, _ isAllowed: Bool) {
    let parts = name.split(separator: " ").map(String.init)
    #expect(PicklePolicy(allowOpaque: allowed).allows(PickleGlobal(module: parts[0], name: parts[1])) == isAllowed)
  }

  private static let evil: @Sendable (inout PickleAssembler) -> Void = { pickle in
    pickle.global("posix", "system")
    pickle.text("id")
    pickle.raw([0x85])
    pickle.raw("R")
  }

  @Test(
    arguments: [
      evil,
      { $0.raw("cposix\nsystem\n") },
      { $0.raw("(iposix\nsystem\n") },
      { $0.raw("(cposix\nsystem\no") },
      { $0.raw([0x8C, 5] + Array("posix".utf8) + [0x8C, 6] + Array("system".utf8) + [0x93]) },
      { $0.object("argparse", "Namespace", [("a", evil)]) },
      {
        $0.dictionary([
          (
            "optimizer",
            {
              $0.raw("](")
              evil(&$0)
              $0.raw("e")
            }
          )
        ])
      },
      // Even where the value is thrown away at once.
      { $0.raw("cposix\nsystem\n0N") },
    ] as [@Sendable (inout PickleAssembler) -> Void])
  func aForeignNameAnywhereRefusesTheFile(_ write: @Sendable (inout PickleAssembler) -> Void) {
    #expect(pickleRefusal(PickleAssembler.make(write))?.contains("posix.system") == true)
  }
}

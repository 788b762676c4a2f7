"""`names=hf` as it is served: de-interleaved and transposed tensors against what is only gathered, of one Megatron checkpoint, over
one connection."""
import urllib.parse

from checkpoints import write_megatron
from harness import Table, compare

TITLE = "Hugging Face's names"
MIB = 768
PLAIN = {"tensors": "*dense.weight,*dense_4h_to_h.weight"}
ROWS = [
    ("verbatim: dense_h_to_4h of mp 4", {"tensors": "*mlp.dense_h_to_4h.weight"}),
    ("names=hf, transposed: c_fc of mp 4", {"tensors": "*mlp.c_fc.weight", "names": "hf"}),
    ("names=hf, de-interleaved and transposed: c_attn of mp 4", {"tensors": "*attn.c_attn.weight", "names": "hf"}),
    ("names=hf, the whole rank of mp 4", {"names": "hf"}),
]


def run(bench):
    daemon, receiver = bench.daemon(write_megatron(bench.folder(), bench.mib(MIB))), bench.receiver()

    def rate(query):
        path = "/shard?" + urllib.parse.urlencode({"rank": 1, "mp": 4, **query})
        return lambda: receiver.rate(daemon.port, path)
    yield Table(TITLE, "the plain gather of dense and dense_4h_to_h of mp 4", [
        compare(work, rate(query), rate(PLAIN), "GB/s", bench.rounds(5)) for work, query in ROWS])

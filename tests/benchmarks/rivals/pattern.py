"""The regular expression that the rivals share: a netfilter line of UFW into 18 fields, in the kernel's order."""

FIELDS = (
    "stamp", "host", "prefix", "in_interface", "out_interface", "mac", "source_ip", "destination_ip", "packet_bytes",
    "tos", "ttl", "ip_id", "dont_fragment", "protocol", "source_port", "destination_port", "tcp_window", "tcp_flags",
)  # fmt: skip

PATTERN = (
    r"^(\w{3} [ \d]\d [\d:]{8}) (\S+) kernel: \[ *[\d.]+\] \[([^\]]*)\] IN=(\S*) OUT=(\S*) MAC=(\S*)"
    r" SRC=(\S+) DST=(\S+) LEN=(\d+) TOS=0x([0-9A-F]+) PREC=0x[0-9A-F]+ TTL=(\d+) ID=(\d+)( DF)? PROTO=(\w+)"
    r" SPT=(\d+) DPT=(\d+)"
    r"(?: WINDOW=(\d+) RES=0x[0-9A-F]+ ([A-Z ]*?) ?URGP=\d+)?"
)

# The columns that are numbers, with how many bits they are stored in.
NUMBERS = {
    "packet_bytes": 64, "ttl": 16, "ip_id": 32, "source_port": 32, "destination_port": 32, "tcp_window": 32,
}  # fmt: skip

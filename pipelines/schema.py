"""The one place where columns are named: what each stage stores, column by column, with its unit and meaning.

Parquet files, views, column comments and documentation follow these tables. The types are those that every engine
reads from Parquet alike: signed integers, UTF-8 text, booleans and microsecond stamps (no unsigned numbers, no UUID, no
zoned stamps).
"""

from dataclasses import dataclass
from enum import Enum

import pyarrow as pa

TEXT = pa.string()
STAMP = pa.timestamp("us")


class Stored(Enum):
    """How a column's values are written in Parquet, each where it was measured to be smallest.

    Of 10 million netfilter lines a destination port takes 1.6 bytes plain and 1.9 as a dictionary, a source port 2.5
    plain and 2.2 as differences. Splitting the bytes into streams is better than either (1.5 and 2.0), but DuckDB 1.5
    does not read that.
    """

    DICTIONARY = "RLE_DICTIONARY"
    DIFFERENCES = "DELTA_BINARY_PACKED"
    PLAIN = "PLAIN"
    RANDOM = "PLAIN, not compressed"


@dataclass(frozen=True)
class Column:
    """One stored column.

    Attributes:
        name: its name, in every stage.
        type: its Arrow type.
        comment: what it means, with its unit; DuckDB shows it beside the column.
        stored: how its values are written.
    """

    name: str
    type: pa.DataType
    comment: str
    stored: Stored = Stored.DICTIONARY


LINEAGE = (
    Column("sensor", TEXT, "Name of the source that logged it: its entry in sources.toml, or its folder under raw/"),
    Column("file", TEXT, "File that held the line: its path below raw/, or its absolute path"),
    Column("line_number", pa.int64(), "Number of the line in its file, from 1", stored=Stored.DIFFERENCES),
)

PACKET = (
    Column("observed_at", STAMP, "When the packet was logged, UTC", stored=Stored.DIFFERENCES),
    Column("host", TEXT, "Host name that the line itself gives"),
    Column("action", TEXT, "What the firewall did: block, allow or reject; NULL where the line does not say"),
    Column("vendor_action", TEXT, "What the firewall did, in the vendor's own word; NULL where it has none"),
    Column("reason", TEXT, "Why the firewall did so, or how the session ended, in the vendor's own words"),
    Column("direction", TEXT, "inbound, outbound, forward or internal, as the interfaces or the rule say"),
    Column("rule", TEXT, "Log prefix, access list, or name or number of the rule, as logged"),
    Column("message_id", TEXT, "The vendor's code or type of the message: 106023, TRAFFIC, drop, ..."),
    Column("application", TEXT, "Application that the firewall recognised, in the vendor's word"),
    Column("signature", TEXT, "Attack signature, threat or event that the firewall recognised, as logged"),
    Column("in_interface", TEXT, "Interface that the packet came in by"),
    Column("out_interface", TEXT, "Interface that the packet would leave by"),
    Column("in_zone", TEXT, "Zone or security level that the packet came from"),
    Column("out_zone", TEXT, "Zone or security level that the packet would go to"),
    Column("in_bridge_port", TEXT, "Port of a bridge that the packet came in by"),
    Column("out_bridge_port", TEXT, "Port of a bridge that the packet would leave by"),
    Column("source_mac", TEXT, "Hardware address that sent the frame"),
    Column("destination_mac", TEXT, "Hardware address that the frame was sent to"),
    Column("source_ip", TEXT, "Source address, canonical text (IPv6 as RFC 5952)"),
    Column("source_port", pa.int32(), "Source port, 0 to 65535", stored=Stored.DIFFERENCES),
    Column("destination_ip", TEXT, "Destination address, canonical text (IPv6 as RFC 5952)"),
    Column("destination_port", pa.int32(), "Destination port, 0 to 65535", stored=Stored.PLAIN),
    Column(
        "protocol", TEXT, "IP protocol in lower case: tcp, udp, icmp, icmpv6, gre, ...; its number where it has no name"
    ),
    Column("nat_source_ip", TEXT, "Source address after translation, canonical text"),
    Column("nat_source_port", pa.int32(), "Source port after translation, 0 to 65535", stored=Stored.DIFFERENCES),
    Column("nat_destination_ip", TEXT, "Destination address after translation, canonical text"),
    Column("nat_destination_port", pa.int32(), "Destination port after translation, 0 to 65535", stored=Stored.PLAIN),
    Column("packet_bytes", pa.int64(), "Length of the IP packet; of a line for many, their bytes both ways; bytes"),
    Column("duration_ms", pa.int64(), "How long the session or flow lasted, milliseconds"),
    Column("ttl", pa.int16(), "Time to live, or the IPv6 hop limit"),
    Column("tos", pa.int16(), "IPv4 type of service or IPv6 traffic class, 0 to 255, as logged"),
    Column("ip_id", pa.int32(), "IPv4 identification, 0 to 65535", stored=Stored.DIFFERENCES),
    Column("flow_label", pa.int32(), "IPv6 flow label", stored=Stored.DIFFERENCES),
    Column("dont_fragment", pa.bool_(), "Whether the IPv4 header forbids fragments; NULL for IPv6 and cut lines"),
    Column(
        "tcp_flags", TEXT, "TCP flags in the order SYN ACK FIN RST PSH URG ECE CWR AE, parted by blanks; empty for none"
    ),
    Column("tcp_sequence", pa.int64(), "TCP sequence number", stored=Stored.DIFFERENCES),
    Column("tcp_acknowledgement", pa.int64(), "TCP acknowledgement number", stored=Stored.DIFFERENCES),
    Column("tcp_window", pa.int32(), "TCP window, as in the header, not scaled"),
    Column("icmp_type", pa.int16(), "ICMP or ICMPv6 type"),
    Column("icmp_code", pa.int16(), "ICMP or ICMPv6 code"),
    Column("icmp_id", pa.int32(), "ICMP or ICMPv6 echo identifier", stored=Stored.DIFFERENCES),
    Column("icmp_sequence", pa.int32(), "ICMP or ICMPv6 echo sequence number", stored=Stored.DIFFERENCES),
    Column("packets", pa.int64(), "Packets that the line stands for; 1 unless the line says otherwise"),
)

CONTENT_HASH = Column(
    "line_hash", pa.int64(), "Hash of the line's bytes: finds the same line in files that overlap", stored=Stored.RANDOM
)

ENRICHMENT = (
    Column("source_country", TEXT, "Country of the source address, ISO 3166-1 alpha-2; NULL where unknown"),
    Column("source_scope", TEXT, "What kind of address the source is: public, private, shared, loopback, ..."),
    Column("source_asn", pa.int64(), "Autonomous system number of the source; NULL without GEOIP_ASN_DB"),
    Column("source_network", TEXT, "Organisation of that autonomous system; NULL without GEOIP_ASN_DB"),
    Column("destination_country", TEXT, "Country of the destination address, ISO 3166-1 alpha-2; NULL where unknown"),
    Column("destination_scope", TEXT, "What kind of address the destination is: public, private, ..."),
    Column("service", TEXT, "Name of the service at (destination_port, protocol); NULL where the table has none"),
)

PARSED = (*PACKET, *LINEAGE, CONTENT_HASH)
EVENTS = (*PACKET, *ENRICHMENT, *LINEAGE)

REJECTED = (
    Column(
        "observed_at",
        STAMP,
        "Stamp of the line, UTC, or of the nearest line before it that has one; NULL without either",
        stored=Stored.DIFFERENCES,
    ),
    *LINEAGE,
    Column("reason", TEXT, "Why the line is no event, in words"),
    Column("line", TEXT, "The line, at most 8,192 bytes of it; bytes that are no UTF-8 are written \\xNN"),
)

ACCOUNTS = (
    Column("sensor", TEXT, "Name of the source"),
    Column("file", TEXT, "File that was read: its path below raw/, or its absolute path"),
    Column("lines", pa.int64(), "Lines of the file that belong to the day"),
    Column("events", pa.int64(), "Lines that are events"),
    Column("ignored", pa.int64(), "Lines that are no firewall records"),
    Column(
        "ignored_by_rule",
        pa.list_(pa.struct([("rule", TEXT), ("lines", pa.int64())])),
        "Rules by which those lines were ignored: the name of each, and how many lines",
    ),
    Column("rejected", pa.int64(), "Lines that could not be understood: see rejected_lines"),
    Column("first_observed_at", STAMP, "Stamp of the first event in time, UTC"),
    Column("last_observed_at", STAMP, "Stamp of the last event in time, UTC"),
    Column("file_digest", pa.int64(), "Digest of the file's events of the day, in whatever order they stand"),
)

LOADS = (
    *ACCOUNTS,
    Column("duplicates", pa.int64(), "Events of these that another file already holds, and that are counted there"),
    Column("digest", pa.int64(), "Digest of all events of the day and sensor, whatever files they came in"),
)

COVERAGE = (
    Column("sensor", TEXT, "Name of the source"),
    Column("lines", pa.int64(), "Lines of the day in all files of the sensor, of every kind"),
    Column("events", pa.int64(), "Events of the day, each once"),
    Column("first_line_at", STAMP, "Minute of the first line, UTC"),
    Column("last_line_at", STAMP, "Minute of the last line, UTC"),
    Column("hours", pa.int16(), "Hours of the day in which lines were logged"),
    Column("day_minutes", pa.int16(), "Minutes that the day has: 1,440, or more or less when clocks are changed"),
    Column("longest_gap_minutes", pa.int32(), "Longest time of the day without a line, minutes"),
    Column(
        "gaps",
        pa.list_(pa.struct([("started_at", STAMP), ("minutes", pa.int32())])),
        "Times of ten minutes or more without a line: when each began, UTC, and how long it was",
    ),
    Column("clock_jumps", pa.int64(), "How often the clock was set back by more than a minute"),
    Column("clock_back_seconds", pa.int64(), "By how much at most, seconds; NULL for never"),
    Column("restarts", pa.int64(), "Starts of the kernel or of the logger"),
    Column("suppressed", pa.int64(), "Messages that the kernel or the logger says it left out, to limit their rate"),
    Column("lost", pa.int64(), "Messages that the logger says it lost"),
    Column("repeated", pa.int64(), "Messages that the logger did not write again: last message repeated n times"),
    Column("limited_minutes", pa.int64(), "Minutes in which UFW logged as much as its limit lets through"),
    Column("logged_twice", pa.int64(), "Events that are the second line of one packet: UFW's AUDIT beside its BLOCK"),
)

SIGNS = (
    Column("sensor", TEXT, "Name of the source"),
    Column("observed_at", STAMP, "Stamp of the line that is the sign, UTC; for lines, the minute they fall into"),
    Column("kind", TEXT, "source, lines, clock back, rate limit, lost, repeated or restart: see pipelines/signs.py"),
    Column("number", pa.int64(), "Seconds that the clock was set back; messages or packets that were not logged"),
)

RAW_FILES = (
    Column("sensor", TEXT, "Name of the source"),
    Column("file", TEXT, "Path below raw/, or absolute path"),
    Column("bytes", pa.int64(), "Size on disk, bytes"),
    Column("modified_at", STAMP, "Modification time, UTC"),
    Column("compression", TEXT, "none, gzip, zstd, bzip2 or xz, by content and not by name"),
    Column(
        "format", TEXT, "Format its lines were read as: that of its source, or of its first lines; unknown if of none"
    ),
    Column(
        "confidence",
        pa.float64(),
        "Of its first lines that are of any format, the share that is of this one; NULL where the source says it",
    ),
    Column("lines", pa.int64(), "Lines in the file"),
    Column("first_observed_at", STAMP, "First stamp in time, UTC"),
    Column("last_observed_at", STAMP, "Last stamp in time, UTC"),
    Column("first_day", pa.date32(), "First day that a line of the file belongs to"),
    Column("last_day", pa.date32(), "Last day that a line of the file belongs to"),
    Column(
        "days",
        pa.list_(pa.struct([("day", pa.date32()), ("lines", pa.int64()), ("digest", pa.int64())])),
        "Days that its lines belong to: how many lines each has, and the digest of their events",
    ),
    Column("problem", TEXT, "What kept the file from being read whole; NULL where nothing did"),
    Column("fingerprint", TEXT, "What the file is known by; one that holds none of the days to load is not read again"),
)

PORT_SCANS = (
    Column("file", TEXT, "Name of the file in scans/"),
    Column("scanned_at", STAMP, "When the scan began, UTC"),
    Column("nmap_version", TEXT, "Version of nmap"),
    Column("arguments", TEXT, "Command line of the scan, at most 256 characters of it"),
    Column("hosts", pa.list_(TEXT), "Addresses of the hosts that were scanned to the end, as in open_ports"),
    Column(
        "ranges",
        pa.list_(pa.struct([("protocol", TEXT), ("first_port", pa.int32()), ("last_port", pa.int32())])),
        "Ports that were tried at each host",
    ),
    Column("problem", TEXT, "Why the file was refused; NULL where it was not"),
)

OPEN_PORTS = (
    Column("host", TEXT, "Address of the host, canonical text (IPv6 as RFC 5952)"),
    Column("port", pa.int32(), "Port, 0 to 65535"),
    Column("protocol", TEXT, "tcp, udp or sctp"),
    Column("state", TEXT, "open, or open|filtered where nmap could not tell"),
    Column("service", TEXT, "Name of the service, as nmap calls or found it"),
    Column("product", TEXT, "Product that answered, as it says itself; NULL without -sV"),
    Column("version", TEXT, "Version of the product, as it says itself; NULL without -sV"),
    Column("scanned_at", STAMP, "When the scan began, UTC"),
    Column("file", TEXT, "Name of the file in scans/"),
)

SEGMENTS = (
    Column(
        "head", TEXT, "What the file is known by: a digest of its first bytes and of what decides its lines' meaning"
    ),
    Column("file", TEXT, "Path below raw/, or absolute path"),
    Column("start", pa.int64(), "First byte of the segment"),
    Column("end", pa.int64(), "Byte after its last one, which is a newline"),
    Column("end_digest", TEXT, "Digest of its last bytes"),
    Column("lines", pa.int64(), "Lines of the file up to its end"),
    Column("near", pa.int64(), "Civil microseconds since 1970 that the next stamp without a year is nearest to"),
    Column("last", pa.int64(), "Last stamp up to its end, UTC microseconds since 1970, or the smallest number"),
    Column("yearless", pa.bool_(), "Whether no stamp up to its end has a year"),
    Column("first_yearless", pa.int64(), "First stamp without a year, civil microseconds since 1970, or the smallest"),
    Column("leap", pa.int64(), "Microseconds that a stamp lies from the one before, if more than half a year"),
    Column("first_day", pa.int64(), "First day that a line of the segment belongs to, days since 1970-01-01"),
    Column("last_day", pa.int64(), "Last day that a line of the segment belongs to, days since 1970-01-01"),
    Column(
        "days",
        pa.list_(pa.struct([("day", pa.int64()), ("lines", pa.int64()), ("digest", pa.int64())])),
        "Days since 1970-01-01 that its lines belong to: how many lines each has, and the digest of their events",
    ),
    Column("first_seen", pa.int64(), "Earliest event, UTC microseconds since 1970, or the smallest number"),
    Column("last_seen", pa.int64(), "Latest event, UTC microseconds since 1970, or the smallest number"),
)

DAY = Column("day", pa.date32(), "Calendar day of the site's time zone: the partition")


PREVIOUS = Column(
    "previous",
    pa.date32(),
    "Day before this day, month or year that the sources were last seen on, or first day of its month; NULL for never",
)
COUNTED_SOURCES = Column(
    "sources", pa.int64(), "Different sources seen in this day, month or year, and before it on `previous`"
)
COUNTED_EVENTS = Column("events", pa.int64(), "Events of those")

SEEN_DAYS = (
    Column("first_day", pa.date32(), "First day of the month that the group was seen on"),
    Column("last_day", pa.date32(), "Last day of the month that the group was seen on"),
    Column("days", pa.int64(), "Days of the month that the group was seen on"),
)

COUNT_STAMPS = (
    Column("first_seen", STAMP, "Stamp of the group's first event of the day or month, UTC"),
    Column("last_seen", STAMP, "Stamp of the group's last event of the day or month, UTC"),
)

_SOURCE = (
    Column("source_ip", TEXT, "Source address, canonical text (IPv6 as RFC 5952)"),
    Column("source_country", TEXT, "Country of the source address, ISO 3166-1 alpha-2; NULL where unknown"),
)

SOURCE_FACTS = (
    Column("source_key", pa.int64(), "Number of the source address, see sql/macros/source_key.sql"),
    *_SOURCE,
    Column("source_asn", pa.int64(), "Autonomous system number of the source; NULL without GEOIP_ASN_DB"),
    Column("source_network", TEXT, "Organisation of that autonomous system; NULL without GEOIP_ASN_DB"),
    COUNTED_EVENTS,
    Column("days", pa.int64(), "Days of the month or year, or 1, that the source was seen on"),
    Column("ports", pa.int64(), "Different destination ports tried, of each protocol"),
    Column("main_port", TEXT, "Destination port tried most, as '445/tcp'; NULL where no event has a port"),
    Column("port_set", TEXT, "Destination ports tried, as '23/tcp 2323/tcp'; of more than 16 the lowest, and ' ...'"),
    Column("port_set_hash", pa.int64(), "Hash of all ports and of all protocols without ports", stored=Stored.RANDOM),
    Column("first_seen", STAMP, "Stamp of the source's first event of the day or month, UTC"),
    Column("last_seen", STAMP, "Stamp of the source's last event of the day or month, UTC"),
    Column("backscatter_events", pa.int64(), "Events that are answers: SYN-ACK or RST"),
    Column("mirai_events", pa.int64(), "Events whose TCP sequence number is the destination address"),
    Column("zmap_events", pa.int64(), "Events whose IPv4 identification is 54321"),
    Column("masscan_events", pa.int64(), "Events whose IPv4 identification is made as masscan makes it"),
    Column("destinations", pa.int64(), "Different destination addresses"),
    Column("scanned_ports", pa.int64(), "Most different ports tried at one destination on one day"),
    Column("scanned_protocols", pa.int64(), "Most protocols without ports tried at one destination on one day"),
    Column("scanned_destinations", pa.int64(), "Most destinations that one port was tried at on one day"),
    Column("burst_events", pa.int64(), "Events of the day, or the busiest such day, if all came within ten minutes"),
)

# Of a year, of which more than 16 ports are not listed: they, and their hash, are NULL.
_SCAN_FACTS = {
    "source_key",
    "source_ip",
    "events",
    "days",
    "ports",
    "port_set",
    "port_set_hash",
    "first_seen",
    "last_seen",
    "backscatter_events",
    "destinations",
    "scanned_ports",
    "scanned_protocols",
    "scanned_destinations",
    "burst_events",
}
SCAN_FACTS = tuple(column for column in SOURCE_FACTS if column.name in _SCAN_FACTS)

BACKSCATTER = (
    *_SOURCE,
    Column("source_port", pa.int32(), "Port that the answers came from"),
    COUNTED_EVENTS,
    *COUNT_STAMPS,
)

ALIKE_SOURCES = (
    *_SOURCE,
    Column("port_set_hash", pa.int64(), "Hash of all ports that the source tried on the day", stored=Stored.RANDOM),
    Column("port_set", TEXT, "Destination ports tried, as '23/tcp 2323/tcp'; of more than 16 the lowest, and ' ...'"),
    Column("digits", pa.int64(), "Decimal digits of the source's number of events on the day"),
    COUNTED_EVENTS,
    *COUNT_STAMPS,
)

OWN_ADDRESSES = (
    Column("sensor", TEXT, "Name of the source that the lines came from"),
    Column("address", TEXT, "Address that 90 % of the sensor's at least 20 blocked inbound lines of the day went to"),
    Column("events", pa.int64(), "Blocked inbound lines that went to it"),
    Column("family_events", pa.int64(), "Blocked inbound lines that went to any address of its family, IPv4 or IPv6"),
)

# Columns of the events that what went out is told apart by.
_TALK = (
    "sensor",
    "source_ip",
    "source_scope",
    "destination_ip",
    "destination_country",
    "destination_port",
    "protocol",
    "service",
    "direction",
)
TALKS_OUT = (
    *(next(column for column in EVENTS if column.name == name) for name in _TALK),
    COUNTED_EVENTS,
    *COUNT_STAMPS,
)

SITE_ADDRESSES = (Column("address", TEXT, "Address of the site's own machines that events name, canonical text"),)
SITE_NAMES = (
    Column("kind", TEXT, "Column of the events that holds the name"),
    Column("name", TEXT, "Name of the site's own, as logged"),
)

SIGHTS = (
    Column(
        "key",
        pa.int64(),
        "Stands for a group and an item of it, see pipelines/sight_keys.py",
        stored=Stored.DIFFERENCES,
    ),
    Column("last_day", pa.date32(), "Day of the month that it was last seen on"),
)


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """Return the Arrow schema that partitions with these columns are written in."""
    return pa.schema([(column.name, column.type) for column in columns])

-- Whether the TCP flags are those of an answer, SYN-ACK or RST: somebody sent packets under our address
create or replace macro is_backscatter(tcp_flags) as
tcp_flags in ('SYN ACK', 'RST', 'ACK RST');

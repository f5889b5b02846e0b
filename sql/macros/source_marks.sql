-- Events of some partitions by day and source that bear a mark: an answer's, or that of a tool in scan_tools_between
create or replace macro source_marks(files) as table
    -- Sources of the marks: see scan_tools_between.
    with marked as (
        select
            day,
            hash(source_ip) as source_key,
            is_backscatter(tcp_flags) as is_answer,
            protocol = 'tcp' and tcp_sequence = ipv4_number(destination_ip) as is_mirai,
            ip_id = 54321 as is_zmap,
            protocol = 'tcp'
            and ip_id = xor(xor(ipv4_number(destination_ip), destination_port), tcp_sequence) & 65535 as is_masscan
        from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
        where source_ip is not null
    )

    select
        day,
        source_key,
        count(*) filter (where is_answer) as backscatter_events,
        count(*) filter (where is_mirai) as mirai_events,
        count(*) filter (where is_zmap) as zmap_events,
        count(*) filter (where is_masscan) as masscan_events
    from marked
    where is_answer or is_mirai or is_zmap or is_masscan
    group by day, source_key;

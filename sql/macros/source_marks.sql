-- Events of some partitions by day and source that bear a mark: an answer's, or that of a tool in scan_tools_between
create or replace macro source_marks(files) as table
    -- Sources of the marks: see scan_tools_between.
    with numbered as (
        select
            day,
            source_ip,
            tcp_flags,
            ip_id,
            destination_port,
            tcp_sequence,
            -- Few logs have sequence numbers: where there is none, no address is taken apart.
            case when tcp_sequence is not null and protocol = 'tcp' then ipv4_number(destination_ip) end as destination
        from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
        where source_ip is not null and (is_backscatter(tcp_flags) or ip_id = 54321 or tcp_sequence is not null)
    ),

    marked as (
        select
            day,
            source_ip,
            is_backscatter(tcp_flags) as is_answer,
            tcp_sequence = destination as is_mirai,
            ip_id = 54321 as is_zmap,
            ip_id = xor(xor(destination, destination_port), tcp_sequence) & 65535 as is_masscan
        from numbered
    )

    select
        day,
        hash(source_ip) as source_hash,
        count(*) filter (where is_answer) as backscatter_events,
        count(*) filter (where is_mirai) as mirai_events,
        count(*) filter (where is_zmap) as zmap_events,
        count(*) filter (where is_masscan) as masscan_events
    from marked
    where is_answer or is_mirai or is_zmap or is_masscan
    group by day, hash(source_ip);

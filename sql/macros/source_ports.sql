-- What a named relation of tries (see source_tries) says of the ports of each source and day
create or replace macro source_ports(tries) as table
    with counted as (
        select
            day,
            source_hash,
            count(*) filter (where port_code >= 0) as ports,
            count(*) filter (where port_code < 0) as protocols,
            -- Of codes below 2^18 the one with the most events, the lowest of several.
            max(cast(events as bigint) * 262144 + 262143 - port_code) filter (where port_code >= 0) as main_port,
            min(port_code, 16) filter (where port_code >= 0) as lowest_ports,
            -- The same whatever the order, with 63 bits.
            cast(bit_xor(hash(port_code)) >> 1 as bigint) as port_set_hash
        from query_table(tries)
        group by day, source_hash
    )

    select
        day,
        source_hash,
        ports,
        protocols,
        port_set_hash,
        port_of_code(262143 - (main_port & 262143)) as main_port,
        array_to_string([port_of_code(code) for code in lowest_ports], ' ')
        || case when ports > 16 then ' ...' else '' end as port_set
    from counted;

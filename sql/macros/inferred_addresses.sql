-- Addresses that 90 % of a sensor's at least 20 blocked inbound lines of a day share; `relation` names events
create or replace macro inferred_addresses(relation) as table
    with blocked as (
        select
            sensor,
            day,
            destination_ip as address,
            contains(destination_ip, ':') as is_ipv6,
            count(*) as events
        from query_table(relation)
        where
            action in ('block', 'reject')
            and coalesce(direction, 'inbound') = 'inbound'
            and destination_ip is not null
            and coalesce(destination_scope, 'public') not in (
                'broadcast', 'multicast', 'link_local', 'loopback', 'unspecified'
            )
        group by sensor, day, destination_ip
    ),

    -- Each family has an address of its own, and a line's address may be another every day.
    of_days as (
        select
            *,
            sum(events) over (partition by sensor, day, is_ipv6) as family_events
        from blocked
    )

    select
        sensor,
        address,
        sum(events) / sum(family_events) as share
    from of_days
    where family_events >= 20 and events >= 0.9 * family_events
    group by sensor, address;

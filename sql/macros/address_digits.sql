-- The hexadecimal digits of an address, 8 of IPv4 and 32 of IPv6; NULL for anything else
create or replace macro address_digits(address) as
case
    when regexp_full_match(address, '(\d{1,3}\.){3}\d{1,3}')
        then printf(
            '%02x%02x%02x%02x',
            cast(split_part(address, '.', 1) as integer),
            cast(split_part(address, '.', 2) as integer),
            cast(split_part(address, '.', 3) as integer),
            cast(split_part(address, '.', 4) as integer)
        )
    when regexp_full_match(address, '[0-9a-fA-F:]*:[0-9a-fA-F:]*')
        -- As many zeros as '::' stands for are put in its place; then each group is written with four digits.
        then regexp_replace(
            ':000' || replace(
                trim(
                    replace(
                        lower(address),
                        '::',
                        ':' || repeat('0:', 8 - len(regexp_extract_all(address, '[0-9a-fA-F]+')))
                    ),
                    ':'
                ),
                ':',
                ':000'
            ),
            ':[0-9a-f]*([0-9a-f]{4})',
            '\1',
            'g'
        )
end;

# awk: the fields of each line as tab-separated text, which is as far as it goes.
{
    delete field
    for (n = 6; n <= NF; n++) {
        split($n, pair, "=")
        if (!(pair[1] in field)) field[pair[1]] = pair[2]
    }
    print $1 " " $2 " " $3, $4, field["IN"], field["OUT"], field["MAC"], field["SRC"], field["DST"], field["LEN"], \
        field["TOS"], field["TTL"], field["ID"], "DF" in field, field["PROTO"], field["SPT"], field["DPT"], \
        field["WINDOW"], "SYN" in field
}

#!/bin/sh
# What a timer runs every night, under a service account (cardsvc/docs/timers.md). Each job is tried, whatever became of the
# one before; the exit code is 1 when one of them wants a person.
#
#   CARDSVC_INBOX    files as they come: operator-bus/*.csv, channel-mobile/*.csv, terminal-kiosk-7/*.csv;
#                    a file that was imported goes to done/ beside it, one with a bad line stays and is told again
#   CARDSVC_OUTLETS  outlets whose day is to be looked at, with blanks between them
#   argument         the day to reconcile; yesterday when left out
set -u
day=${1:-$(TZ=Asia/Shanghai date -d yesterday +%F)}
wanted=0

job() {
    "$@" && return 0
    echo "night.sh: exit code $? of: $*" >&2
    wanted=1
    return 1
}

for folder in "$CARDSVC_INBOX"/operator-* "$CARDSVC_INBOX"/channel-* "$CARDSVC_INBOX"/terminal-*; do
    from=${folder##*/}
    for file in "$folder"/*.csv; do
        [ -f "$file" ] || continue
        job cardsvc batch import "$file" "--${from%%-*}" "${from#*-}" || continue
        mkdir -p "$folder/done"
        mv "$file" "$folder/done/"
    done
done
job cardsvc order return-expired
job cardsvc handout remind
job cardsvc citizen forget
job cardsvc reconcile run --day "$day"
for outlet in $CARDSVC_OUTLETS; do
    job cardsvc day status --outlet "$outlet"
done
exit "$wanted"

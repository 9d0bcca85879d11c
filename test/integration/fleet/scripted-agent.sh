#!/bin/sh
# Speaks the agent protocol, and breaks it on demand: the word in text= of a request says how. For what the real agent never does.
set -u
protocol=1
[ -f "$1/protocol" ] && protocol=$(cat "$1/protocol")
[ -f "$1/broken" ] && { echo "sh: agent: not found" >&2; exit 127; }
n=0
while read -r id verb rest; do
  n=$((n + 1))
  case $verb:$rest in
    hello:*)
      printf '{"id":"%s","done":true,"ok":true,"agent":"0.1.0","protocol":%s,"host":"throw-away","os":"Linux","kernel":"6","shell":"sh","awk":"awk","uid":0,"time":%s,"stateDir":"/var/lib/mailbrake","applications":0,"dirty":false}\n' "$id" "$protocol" "$(date +%s)"
      continue ;;
    *text=garbage*) echo 'MOTD: welcome to {mx1}' ;;
    *text=badtype*) printf '{"id":"%s","done":true,"ok":true,"expired":"all"}\n' "$id" ;;
    *text=wrongid*) printf '{"id":"other","done":true,"ok":true,"expired":[],"reasserted":[]}\n' ;;
    *text=oversize*) head -c 300000 /dev/zero | tr '\0' x; echo ;;
    *text=endless*) while :; do printf '{"id":"%s","progress":"render"}\n' "$id"; done ;;
    *text=silent*) sleep 30 ;;
    *text=slow*) sleep 1 ;;
    *text=die*) echo "agent: out of memory" >&2; kill -9 $$ ;;
    *text=refuse*) printf '{"id":"%s","done":true,"ok":false,"error":"bad-value","field":"match","message":"no"}\n' "$id"; continue ;;
    *text=parts*) printf '{"id":"%s","progress":"journal"}\n{"id":"%s","progress":"render"}\n' "$id" "$id" ;;
  esac
  printf '{"id":"%s","done":true,"ok":true,"expired":["%s","%s"],"reasserted":[]}\n' "$id" "$$" "$n"
done

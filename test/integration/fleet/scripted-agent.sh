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
    discover:*)
      cells='[{"effect":"tempfail","matches":["all","client"],"loses":false,"reply":"450 4.7.1"},{"effect":"discard","matches":["all"],"loses":true,"reply":"250"},{"effect":"throttle","matches":["all"],"loses":false,"reply":"450 4.7.1"},{"effect":"hold","matches":["sender"],"loses":false,"reply":"250"}]'
      printf '{"id":"%s","instance":{"instance":"postfix:/etc/postfix","mta":"postfix","version":"3.7","configDir":"/etc/postfix","name":"postfix","hostname":"mx1","running":true,"armed":false,"domains":["lab.example"]}}\n' "$id"
      printf '{"id":"%s","point":{"instance":"postfix:/etc/postfix","point":"listener:smtp/inet","kind":"listener","label":"SMTP port 25","role":"inbound-mx","listens":[{"address":"0.0.0.0","port":25}],"cells":%s}}\n' "$id" "$cells"
      points=1
      [ -f "$1/no-delivery" ] || {
        printf '{"id":"%s","point":{"instance":"postfix:/etc/postfix","point":"delivery","kind":"delivery","label":"delivery","role":null,"listens":[],"cells":[]}}\n' "$id"
        points=2
      }
      [ -f "$1/surroundings" ] && printf '{"id":"%s","surroundings":%s}\n' "$id" "$(cat "$1/surroundings")"
      printf '{"id":"%s","done":true,"ok":true,"instances":1,"points":%s}\n' "$id" "$points"
      continue ;;
    plan:*effect=discard*)
      printf '{"id":"%s","done":true,"ok":false,"error":"cannot","message":"not here; hold is nearest"}\n' "$id"
      continue ;;
    plan:*)
      printf '{"id":"%s","step":{"kind":"command","text":"postfix reload"}}\n' "$id"
      printf '{"id":"%s","done":true,"ok":true,"reply":"450","loses":false,"cutsSessions":false,"opens":["submission port 587"],"notes":[]}\n' "$id"
      continue ;;
    arm:* | disarm:*)
      [ -f "$1/arm-silent" ] && { rm "$1/arm-silent"; kill -9 $$; }
      [ -f "$1/arm-refused" ] && { printf '{"id":"%s","done":true,"ok":false,"error":"read-only","message":"/etc is read-only"}\n' "$id"; continue; }
      printf '{"id":"%s","done":true,"ok":true,"outcome":"%sed","readback":[{"what":"main.cf","value":"x"}]}\n' "$id" "$verb"
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

#!/usr/bin/env bash
# The image's health check: healthcheck.sh [gateway|worker]. The default is the container's own process.
#
# A gateway is healthy when it answers its ready probe. A worker's port can be unknown, so the check looks for the two
# connections that a worker needs, to NATS and to Redis, in the kernel's tables. They prove that the worker is connected,
# not that it makes progress. Progress is guarded by its lease, which other workers watch.
# The script uses bash alone, because the image has no curl.
set -eu

role() {
  tr '\0' '\n' </proc/1/cmdline | grep -qx gateway && echo gateway || echo worker
}

answers() { # port path
  local status
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
  read -r status <&3
  [[ $status == *" 200 "* ]]
}

connected() { # port
  # local address, remote address, state: 01 is ESTABLISHED
  grep -Eqs "^ *[0-9]+: [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:$(printf %04X "$1") 01 " /proc/net/tcp /proc/net/tcp6
}

case ${1:-$(role)} in
  gateway)
    answers "${SERVER_PORT:-8080}" /health/ready
    ;;
  *)
    [[ ${NATS_URL:-} =~ :([0-9]+)/?$ ]] && nats=${BASH_REMATCH[1]} || nats=4222
    connected "$nats" && connected "${REDIS_PORT:-6379}"
    ;;
esac

#!/usr/bin/env bash
# `make test`: runs the parts that it is given, each a target of make. One that fails does not keep the others from
# running; the table at the end says what became of each, and how long it took.
# TEST_DEADLINE, in seconds since the epoch: no part begins later.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
table=""

# note LABEL SECONDS STATUS
note() {
  table+=$(printf '%-24s %6s s  %s' "$1" "$2" "$3")$'\n'
  [ "$3" = ok ] || failed=1
}

lint=""
lint_started=$SECONDS

# Lint keeps one processor busy, and so it runs beside the part that comes next.
begin_lint() {
  mkdir -p build
  "${MAKE:-make}" lint >build/lint.log 2>&1 &
  lint=$!
  trap 'kill "$lint" 2>/dev/null || true' EXIT
}

end_lint() {
  [ -n "$lint" ] || return 0
  local status=ok
  wait "$lint" || status=FAILED
  lint=""
  cat build/lint.log
  note "lint" $((SECONDS - lint_started)) "$status"
}

for part in "$@"; do
  if [ "$part" = lint ]; then
    begin_lint
    continue
  fi
  started=$SECONDS
  status=ok
  if [ -n "${TEST_DEADLINE:-}" ] && (($(date +%s) > TEST_DEADLINE)); then
    status="NOT RUN for want of time"
  else
    "${MAKE:-make}" "$part" || status=FAILED
  fi
  note "$part" $((SECONDS - started)) "$status"
  end_lint
done
end_lint

printf '==> in %s s:\n%s' "$SECONDS" "$table"
exit "$failed"

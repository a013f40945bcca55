#!/bin/bash
# guest.sh OUT SECONDS SCRIPT: env FLAVOUR(.build-debug) VM_CPUS VM_APPEND
cd /work/main
. scripts/lib.sh >/dev/null 2>&1
OUT=$1 SECS=$2 SCRIPT=$3
dir=${DIR:-$CACHE/src/patched/.build-${FLAVOUR:-debug}}
work=$(mktemp -d /tmp/x/vmw.XXXX)
cp "$SCRIPT" $work/run; chmod +x $work/run
export VM_MEM=${VM_MEM:-4G} VM_LOGLEVEL=5
vm_args "$dir/bzImage" "$dir/payload.erofs" "$work"
timeout $SECS "${QEMU[@]}" -serial stdio -monitor unix:$work/mon,server,nowait </dev/null > $OUT 2>&1
echo "rc $(cat $work/rc)" >> $OUT
rm -rf $work

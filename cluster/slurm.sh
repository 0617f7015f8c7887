#!/bin/bash
# A Ray cluster for the time of one Slurm job: `sbatch cluster/slurm.sh jobs/annotate.py INPUT... --output URI --types T`
#
# Given again after a time limit or a lost node, it resumes the run.
#
# What to edit: the lines #SBATCH, how the environment with the package is entered, and, for GPUs, the line --gpus.
# Input, output and model must be seen by all nodes (a parallel file system, or URLs). The folder that it is submitted
# from must hold jobs/. Credentials are those of the user's environment, which Slurm passes on.
#SBATCH --job-name=openbioner
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --gpus-per-node=1
#SBATCH --mem=64G
#SBATCH --time=24:00:00
#SBATCH --requeue
set -euo pipefail
if (($# == 0)); then
    echo "usage: sbatch $0 jobs/annotate.py INPUT... --output URI --types T" >&2
    exit 2
fi
# shellcheck source=/dev/null
source "${OPENBIONER_VENV:-.venv}/bin/activate"

# One token for the job, in a file that only its user may read: nobody else's processes join or submit.
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
# Idle workers wait for the next shard: starting one takes a core for more than a second.
export RAY_idle_worker_killing_time_threshold_ms=3600000
export RAY_AUTH_TOKEN_PATH="${SLURM_SUBMIT_DIR:-$PWD}/.ray-token-$SLURM_JOB_ID"
(umask 077 && python -c 'import secrets; print(secrets.token_hex(32))' >"$RAY_AUTH_TOKEN_PATH")

mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${hosts[0]}
port=$((20000 + SLURM_JOB_ID % 20000)) # jobs that share a node do not meet
# Ray's logs stay in the folder --temp-dir of each node.
start=(ray start --block "--temp-dir=/tmp/ray-$SLURM_JOB_ID" "--num-cpus=${SLURM_CPUS_PER_TASK:-1}")
start+=("--num-gpus=${SLURM_GPUS_ON_NODE:-0}")
trap 'kill $(jobs -p) 2>/dev/null; rm -f "$RAY_AUTH_TOKEN_PATH"' EXIT
srun --nodes=1 --ntasks=1 --nodelist="$head" "${start[@]}" --head --port="$port" --include-dashboard=false \
    --ray-client-server-port=$((port + 20000)) &
if ((SLURM_JOB_NUM_NODES > 1)); then
    others=$((SLURM_JOB_NUM_NODES - 1))
    srun --nodes="$others" --ntasks="$others" --exclude="$head" "${start[@]}" --address="$head:$port" &
fi

# A run counts the cores and GPUs when it begins, so all nodes must be there.
export RAY_ADDRESS="$head:$port"
python - "$SLURM_JOB_NUM_NODES" <<'END'
import sys, time, ray

wanted, deadline = int(sys.argv[1]), time.monotonic() + 600
while True:
    try:
        ray.init(logging_level="ERROR", log_to_driver=False)
        if sum(node["Alive"] for node in ray.nodes()) >= wanted:
            break
        ray.shutdown()
    except ConnectionError:
        pass
    if time.monotonic() > deadline:
        sys.exit(f"error: not all of {wanted} nodes have joined within ten minutes")
    time.sleep(2)
END
python "$@"

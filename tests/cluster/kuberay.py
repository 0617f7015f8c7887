"""The fields of KubeRay's RayCluster and RayJob that our manifests use, as JSON schemas.

Source: the fields of ray.io/v1 in KubeRay 1.6 (docs.ray.io, "KubeRay CRD API reference", and the types in the folder
ray-operator/apis/ray/v1 of ray-project/kuberay); of pods, the fields of core/v1 in the API reference of Kubernetes.
A field that is not here is refused: it is a typing error, or is to be looked up and added.
"""

from __future__ import annotations

from typing import Any

STRING = {"type": "string", "minLength": 1}
STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
COUNT = {"type": "integer", "minimum": 0}
QUANTITY = {"type": "string", "pattern": r"^[0-9.]+(m|Ki|Mi|Gi|Ti|k|M|G|T)?$"}


def fields(*required: str, **known: Any) -> dict[str, Any]:
    """An object of these fields and no others."""
    return {"type": "object", "properties": known, "required": list(required), "additionalProperties": False}


def items(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": schema}


RESOURCES = {"type": "object", "additionalProperties": QUANTITY}
CONTAINER = fields(
    "name",
    "image",
    "resources",
    name=STRING,
    image=STRING,
    envFrom=items(fields("secretRef", secretRef=fields("name", name=STRING, optional={"type": "boolean"}))),
    resources=fields("requests", "limits", requests=RESOURCES, limits=RESOURCES),
    ports=items(fields("containerPort", name=STRING, containerPort={"type": "integer", "minimum": 1})),
)
TEMPLATE = fields(
    "spec",
    spec=fields(
        "containers",
        containers=items(CONTAINER),
        serviceAccountName=STRING,
        nodeSelector=STRINGS,
        securityContext=fields(runAsNonRoot={"type": "boolean"}, runAsUser=COUNT, fsGroup=COUNT),
        tolerations=items(
            fields(key=STRING, operator={"enum": ["Exists", "Equal"]}, effect={"enum": ["NoSchedule", "NoExecute"]})
        ),
    ),
)
CLUSTER_SPEC = fields(
    "headGroupSpec",
    rayVersion=STRING,
    authOptions=fields(mode={"enum": ["disabled", "token"]}),
    enableInTreeAutoscaling={"type": "boolean"},
    autoscalerOptions=fields(
        idleTimeoutSeconds=COUNT, upscalingMode={"enum": ["Default", "Aggressive", "Conservative"]}
    ),
    headGroupSpec=fields(
        "template",
        serviceType={"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
        rayStartParams=STRINGS,
        template=TEMPLATE,
    ),
    workerGroupSpecs=items(
        fields(
            "groupName",
            "template",
            "minReplicas",
            "maxReplicas",
            groupName=STRING,
            replicas=COUNT,
            minReplicas=COUNT,
            maxReplicas=COUNT,
            rayStartParams=STRINGS,
            template=TEMPLATE,
        )
    ),
)
JOB_SPEC = fields(
    "entrypoint",
    "rayClusterSpec",
    entrypoint=STRING,
    runtimeEnvYAML=STRING,
    shutdownAfterJobFinishes={"type": "boolean"},
    ttlSecondsAfterFinished=COUNT,
    backoffLimit=COUNT,
    rayClusterSpec=CLUSTER_SPEC,
)


def manifest(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """The schema of a whole object."""
    return fields(
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        apiVersion={"const": "ray.io/v1"},
        kind={"const": kind},
        metadata=fields("name", name={"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}),
        spec=spec,
    )


RAY_CLUSTER = manifest("RayCluster", CLUSTER_SPEC)
RAY_JOB = manifest("RayJob", JOB_SPEC)

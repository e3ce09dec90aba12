#!/bin/sh
# What teams write by hand: build and push one image, a new revision of the task definition with it, one
# update of the service, and the wait that the AWS CLI has for it.
#
# In the environment: CONTEXT, IMAGE (repository and tag), BASE and BASE_IMAGE (base image and where it
# is), CLUSTER, SERVICE.
set -eu

docker buildx build --push --provenance=false --progress=plain \
  --platform linux/amd64,linux/arm64 \
  --build-context "$BASE=docker-image://$BASE_IMAGE" \
  --tag "$IMAGE" "$CONTEXT"

current=$(aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" \
  --query 'services[0].taskDefinition' --output text)
revision=$(aws ecs describe-task-definition --task-definition "$current" --output json \
  --query 'taskDefinition.{family: family, networkMode: networkMode, cpu: cpu, memory: memory, requiresCompatibilities: requiresCompatibilities, containerDefinitions: containerDefinitions}' |
  sed "s|\"image\": \"[^\"]*\"|\"image\": \"$IMAGE\"|")
registered=$(aws ecs register-task-definition --cli-input-json "$revision" \
  --query taskDefinition.taskDefinitionArn --output text)
aws ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$registered" \
  --query service.serviceArn --output text
aws ecs wait services-stable --cluster "$CLUSTER" --services "$SERVICE"

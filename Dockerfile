# One image for both processes. It runs a worker, or with the argument `gateway` a gateway.
#   docker build -t chat-workflow .
#   docker run -e NATS_URL=nats://nats:4222 -e REDIS_HOST=redis chat-workflow

FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /build
COPY . .
# The build context has no tests: `antiphon test` runs them, on real servers, before an image is built.
RUN mvn -q -B -pl cli -am -Dmaven.test.skip=true -Dspotless.check.skip=true package

FROM eclipse-temurin:25-jre
WORKDIR /app
# Libraries come first: they rarely change, so their layer stays in the cache.
COPY --from=build /build/cli/target/lib /app/lib
COPY --from=build /build/cli/target/jvm.options /build/cli/target/antiphon.jar /app/
COPY deploy/healthcheck.sh /app/healthcheck.sh
COPY LICENSE THIRD-PARTY.md /app/
COPY licenses /app/licenses
# In a container, connections through a published port do not come from the loopback.
ENV SERVER_HOST=0.0.0.0
EXPOSE 8080
# A numeric user needs no entry in /etc/passwd, and Kubernetes can check that it is not root.
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 CMD ["bash", "/app/healthcheck.sh"]
ENTRYPOINT ["java", "@/app/jvm.options", "-XX:MaxRAMPercentage=75", "-jar", "/app/antiphon.jar"]
CMD ["worker"]

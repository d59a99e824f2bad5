# Third-party software

The program and the image contain these libraries, unmodified, from Maven Central. Their sources are next to them there.
Vert.x is used under Apache-2.0, Logback under EPL-2.0, HdrHistogram under BSD-2-Clause. `LICENSE` has the text of
Apache-2.0, `licenses/` those of EPL-2.0 and MIT; jars with other licences or notices contain them.

| library | licence |
|---|---|
<#list dependencyMap as entry>
| `${entry.key.groupId}:${entry.key.artifactId}` | ${entry.value?join(" or ")} |
</#list>

The image adds them to a Java runtime, Eclipse Temurin (GPL-2.0 with the Classpath Exception), which has its licences in
its folder `legal`.

The npm packages `@antiphon/client` and `@antiphon/react` contain no third-party code.

The Maven Wrapper (`mvnw`, Apache-2.0) is in the sources. These are used only for building and testing: JUnit (EPL-2.0),
AssertJ, Awaitility, ArchUnit, Error Prone, google-java-format (Apache-2.0), NullAway (MIT), JMH (GPL-2.0 with
the Classpath Exception); from npm, at the versions of `web/package-lock.json`: TypeScript (Apache-2.0), Prettier,
esbuild, React with its types, csstype (MIT).

These programs are started but not distributed: nats-server (Apache-2.0), redis-server (BSD-3-Clause up to 7.2), and for
tests PostgreSQL (PostgreSQL licence) and LangGraph's JavaScript server (MIT), installed from npm. The benchmark also
starts peers: that server, programs on ioredis, redis, resumable-stream (MIT) and nats (Apache-2.0) from npm, and nginx
with nchan (BSD-2-Clause, MIT).

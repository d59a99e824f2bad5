package dev.antiphon.gateway;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module may use, in addition to its pom's rules.
@AnalyzeClasses(packages = "dev.antiphon.gateway", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule gateway =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.gateway..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.gateway..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.backplane..",
                            "org.slf4j..",
                            "tools.jackson..",
                            "io.vertx..",
                            "io.netty..",
                            "io.micrometer..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    /// The simulation runs these state machines too, so none of them uses the network.
    @ArchTest
    static final ArchRule stream =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.gateway.stream..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.gateway.stream..",
                            "dev.antiphon.protocol..",
                            "org.slf4j..",
                            "tools.jackson..",
                            "dev.antiphon.backplane",
                            "dev.antiphon.backplane.history",
                            "dev.antiphon.backplane.log",
                            "dev.antiphon.backplane.doorbell",
                            "dev.antiphon.backplane.registry",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    /// The class that assembles the parts uses all of them, from the package that they use.
    private static final DescribedPredicate<JavaClass> ASSEMBLY = simpleName("Gateway");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.gateway.(**)")
                    .should()
                    .beFreeOfCycles()
                    .ignoreDependency(ASSEMBLY, alwaysTrue());

    @ArchTest
    static final ArchRule noPartUsesTheAssembly =
            noClasses()
                    .that()
                    .resideInAPackage("dev.antiphon.gateway.*..")
                    .should()
                    .dependOnClassesThat(ASSEMBLY);
}

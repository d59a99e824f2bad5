package dev.antiphon.backplane;

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
@AnalyzeClasses(packages = "dev.antiphon.backplane", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule backplane =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.backplane..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.backplane..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.time..",
                            "org.slf4j..",
                            "tools.jackson..",
                            "io.lettuce..",
                            "io.netty.channel..",
                            "io.nats..",
                            "com.zaxxer.hikari..",
                            "org.flywaydb..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    @ArchTest
    static final ArchRule onlyTheHistoryUsesADatabase =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("dev.antiphon.backplane.history..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("com.zaxxer.hikari..", "org.flywaydb..", "java.sql..");

    /// The class that assembles the parts uses all of them, from the package that they use.
    private static final DescribedPredicate<JavaClass> ASSEMBLY = simpleName("Backplane");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.backplane.(**)")
                    .should()
                    .beFreeOfCycles()
                    .ignoreDependency(ASSEMBLY, alwaysTrue());

    @ArchTest
    static final ArchRule noPartUsesTheAssembly =
            noClasses()
                    .that()
                    .resideInAPackage("dev.antiphon.backplane.*..")
                    .should()
                    .dependOnClassesThat(ASSEMBLY);
}

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

/// Which packages this module may use, beyond what its pom says.
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

    /// The class that puts the parts together stands above them, in the package that they stand on.
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

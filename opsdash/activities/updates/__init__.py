"""Updates and growth: which hosts lack fixes, need a reboot, will run full?"""
